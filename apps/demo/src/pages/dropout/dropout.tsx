import './dropout.css';
import { useSettings } from '../../settings.js';
import { useWorker } from '../../parts/use-worker.js';
import { useSignal } from '@preact/signals';
import { DEFAULTS } from './defaults.js';
import { LinearNeuron } from './linear-neuron.js';
import { Masks } from './masks-drawn.js';
import { Readings } from './readings.js';
import { Trainings } from './trainings.js';
import type { DropoutWorker } from './worker.js';

export default function DropoutPage() {
  const settings = useSettings(DEFAULTS);
  const worker = useWorker<DropoutWorker>(
    () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
  );
  const finished = useSignal(0);
  return (
    <>
      <p class="prose">
        A network with many weights and few examples learns them by heart: on what it was trained with it
        makes no more mistakes, on other digits it does. Dropout switches off some of the units at every step,
        each time others, so that none can rely on its neighbours; DropConnect does so with single weights.
        Train all three and watch the gap between the two kinds of curves.
      </p>
      <Trainings
        settings={settings}
        worker={worker}
        onFinish={() => {
          finished.value++;
        }}
      />
      <h2>A new mask each step</h2>
      <Masks settings={settings} />
      <h2>Testing: one scaled pass, or the average of many</h2>
      <Readings settings={settings} worker={worker} finished={finished.value} />
      <h2>Why scaling stands in for the average</h2>
      <LinearNeuron settings={settings} />
    </>
  );
}
