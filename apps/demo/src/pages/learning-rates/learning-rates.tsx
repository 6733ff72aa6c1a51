import './learning-rates.css';
import { useSettings } from '../../settings.js';
import { useWorker } from '../../parts/use-worker.js';
import type { RunsWorker } from '../../training/runs.js';
import { Rates } from './rates.js';
import { Schedules } from './schedules.js';
import { DEFAULTS } from './defaults.js';

export default function LearningRates() {
  const settings = useSettings(DEFAULTS);
  const worker = useWorker<RunsWorker>(
    () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
  );
  return (
    <>
      <p class="prose">
        The learning rate is how far each step goes along the gradient. One network is trained here several
        times from the same weights on the same batches, and only the rate differs: too low and the loss
        creeps down, high and it comes down but keeps bouncing where a smaller rate would settle, very high
        and it never comes down at all. Drag the rates to find where one kind turns into the next.
      </p>
      <Rates settings={settings} worker={worker} />
      <h2>Schedules: a rate that changes on its way</h2>
      <p class="prose">
        Large steps are for getting near, small ones for settling. A schedule goes from the one to the other;
        these are the usual ways. Choose some, and see how each ends from the same rate.
      </p>
      <Schedules settings={settings} worker={worker} />
    </>
  );
}
