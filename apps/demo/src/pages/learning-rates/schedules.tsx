import type { Remote } from 'comlink';
import { sample } from '@downhill/schedules';
import { schedules } from '../../network/schedules.js';
import { Chart } from '../../parts/chart.js';
import { LogSlider } from '../../parts/fields.js';
import { LossChart } from '../../parts/loss-chart.js';
import { useRuns, type RunsWorker } from '../../training/runs.js';
import { plan, TRAINING_DIGITS, type LearningRateSettings } from './defaults.js';
import { Outcome } from './outcome.js';
import { SchedulePicture } from './schedule-picture.js';

/** Points of a schedule that are drawn. */
const POINTS = 300;

/** The schedules drawn, and what training makes of those that are chosen. */
export function Schedules({
  settings,
  worker,
}: {
  readonly settings: LearningRateSettings;
  readonly worker: Remote<RunsWorker>;
}) {
  const trainings = useRuns(worker);
  const values = settings.current.value;
  const { rate, steps, batch, smoothing, logarithmic } = values;
  const names = Object.keys(schedules);
  const chosen = names.filter((name) => values.schedules.split(' ').includes(name));
  const choose = (wanted: readonly string[]) => {
    settings.set({ schedules: names.filter((name) => wanted.includes(name)).join(' ') });
  };
  const start = () =>
    trainings.start(
      chosen.map((name) => ({
        label: schedules[name].title,
        style: names.indexOf(name),
        options: plan(values, rate, name),
      })),
    );
  const runs = trainings.runs.value;
  const trained = runs.at(0)?.options ?? { steps, batchSize: batch };
  const places = Array.from({ length: POINTS + 1 }, (_, i) => (i * steps) / POINTS);
  return (
    <>
      <fieldset>
        <legend class="visually-hidden">Schedules</legend>
        <div class="cards">
          {names.map((name, i) => (
            <label key={name} class="card">
              <span>
                <input
                  type="checkbox"
                  checked={chosen.includes(name)}
                  onChange={({ currentTarget: { checked } }) => {
                    choose(checked ? [...chosen, name] : chosen.filter((other) => other !== name));
                  }}
                />
                {schedules[name].title}
              </span>
              <SchedulePicture schedule={schedules[name].make(1, 1000)} steps={1000} style={i} />
            </label>
          ))}
        </div>
      </fieldset>
      <div class="workbench">
        <section class="controls" aria-label="Settings of the schedules">
          <LogSlider
            label="Rate to begin with"
            min={1e-5}
            max={10}
            value={rate}
            format={(value) => String(Number(value.toPrecision(2)))}
            onChange={(rate) => {
              settings.set({ rate });
            }}
          />
          <div class="buttons">
            <button type="button" disabled={chosen.length === 0} onClick={() => void start()}>
              Train with each
            </button>
            <button type="button" class="secondary" disabled={!trainings.busy.value} onClick={trainings.stop}>
              Stop
            </button>
            <button
              type="button"
              class="secondary outline"
              onClick={() => {
                choose(chosen.length === names.length ? ['constant'] : names);
              }}
            >
              {chosen.length === names.length ? 'Only constant' : 'All schedules'}
            </button>
          </div>
          <p>
            <small>Rule, network, steps and batches are those chosen above.</small>
          </p>
        </section>
        <section aria-label="Curves of the schedules">
          <Chart
            caption="The rate over the steps, by each schedule that is chosen."
            xLabel="step"
            yLabel="learning rate"
            x={places}
            series={chosen.map((name) => ({
              label: schedules[name].title,
              style: names.indexOf(name),
              values: sample(schedules[name].make(rate, steps), places).map(({ value }) => value),
            }))}
          />
          <LossChart
            caption="The loss of each batch, smoothed, with each of these schedules."
            runs={runs}
            steps={trained.steps}
            stepsPerEpoch={Math.floor(TRAINING_DIGITS / trained.batchSize)}
            span={smoothing}
            logarithmic={logarithmic}
            height={280}
          />
          <Outcome what="Schedule" runs={runs} fault={trainings.fault.value} />
        </section>
      </div>
    </>
  );
}
