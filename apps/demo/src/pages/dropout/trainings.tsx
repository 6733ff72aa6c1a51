import type { Remote } from 'comlink';
import { Chart, type Series } from '../../parts/chart.js';
import { Select, Slider } from '../../parts/fields.js';
import { useRuns, type Run } from '../../training/runs.js';
import { SERIES_COLORS } from '../../theme.js';
import { plannedRuns, type DropoutSettings } from './defaults.js';
import type { DropoutWorker } from './worker.js';

/** What a curve can show. */
const MEASURES: Readonly<Record<string, string>> = { loss: 'Loss', accuracy: 'Accuracy' };

/** The same network three times, on training digits and on others. */
export function Trainings({
  settings,
  worker,
  onFinish,
}: {
  readonly settings: DropoutSettings;
  readonly worker: Remote<DropoutWorker>;
  readonly onFinish: () => void;
}) {
  const trainings = useRuns(worker);
  const { digits, rate, units, steps, measure } = settings.current.value;
  const runs = trainings.runs.value;
  const byAccuracy = measure === 'accuracy';
  const start = async () => {
    await worker.useDigits(digits);
    await trainings.start(plannedRuns(settings.current.peek()));
    onFinish();
  };
  const x = evaluatedSteps(runs);
  return (
    <div class="workbench">
      <section class="controls" aria-label="Settings of the training">
        <Slider
          label="Dropout rate"
          min={0}
          max={0.9}
          step={0.05}
          value={rate}
          format={percent}
          onChange={(rate) => {
            settings.set({ rate });
          }}
        />
        <Slider
          label="Training digits"
          min={100}
          max={2000}
          step={100}
          value={digits}
          onChange={(digits) => {
            settings.set({ digits });
          }}
        />
        <Slider
          label="Hidden units"
          min={20}
          max={400}
          step={20}
          value={units}
          onChange={(units) => {
            settings.set({ units });
          }}
        />
        <Slider
          label="Steps"
          min={100}
          max={2000}
          step={100}
          value={steps}
          onChange={(steps) => {
            settings.set({ steps });
          }}
        />
        <Select
          label="Curves show"
          value={measure}
          options={MEASURES}
          onChange={(measure) => {
            settings.set({ measure });
          }}
        />
        <div class="buttons">
          <button type="button" onClick={() => void start()}>
            Train
          </button>
          <button type="button" class="secondary" disabled={!trainings.busy.value} onClick={trainings.stop}>
            Stop
          </button>
        </div>
        <p>
          <small>
            Inputs (or their weights) drop at half the rate, hidden units (or theirs) at the whole.
          </small>
        </p>
      </section>
      <section aria-label="Curves of the training">
        <Chart
          caption="Whole lines: 1,000 held-out digits. Broken lines: the digits that are learned from."
          xLabel="step"
          yLabel={byAccuracy ? 'accuracy (%)' : 'cross-entropy loss (nats)'}
          x={x}
          xRange={[0, runs.at(0)?.options.steps ?? steps]}
          yRange={byAccuracy ? [70, 100.5] : [0, 1]}
          series={runs.flatMap((run) => curves(run, x, byAccuracy))}
          height={320}
        />
        {trainings.fault.value !== undefined && (
          <p role="alert">The training could not go on: {trainings.fault.value}</p>
        )}
        <Gaps runs={runs} />
      </section>
    </div>
  );
}

function curves({ label, style, evaluations }: Run, x: readonly number[], byAccuracy: boolean): Series[] {
  const at = new Map(evaluations.map((evaluation) => [evaluation.step, evaluation]));
  const values = (which: 'training' | 'heldOut') =>
    x.map((step) => {
      const result = at.get(step)?.[which];
      if (result === undefined) return null;
      return byAccuracy ? 100 * result.accuracy : result.loss;
    });
  return [
    { label: `${label}, held out`, style, values: values('heldOut') },
    { label: `${label}, training`, style: style + SERIES_COLORS, values: values('training') },
  ];
}

function evaluatedSteps(runs: readonly Run[]): number[] {
  return [...new Set(runs.flatMap(({ evaluations }) => evaluations.map(({ step }) => step)))].sort(
    (a, b) => a - b,
  );
}

/** The last figures of each, and the gap between them. */
function Gaps({ runs }: { readonly runs: readonly Run[] }) {
  if (!runs.some(({ evaluations }) => evaluations.length > 0)) return null;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="How each does">
      <table>
        <thead>
          <tr>
            <th scope="col">Network</th>
            <th scope="col">Training loss</th>
            <th scope="col">Held-out loss</th>
            <th scope="col">Training accuracy</th>
            <th scope="col">Held-out accuracy</th>
          </tr>
        </thead>
        <tbody>
          {runs.map(({ label, evaluations }) => {
            const last = evaluations.at(-1);
            if (last === undefined) return null;
            return (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td>{last.training.loss.toFixed(3)}</td>
                <td>{last.heldOut.loss.toFixed(3)}</td>
                <td>{percent(last.training.accuracy, 1)}</td>
                <td>{percent(last.heldOut.accuracy, 1)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}
