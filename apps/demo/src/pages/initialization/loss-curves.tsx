import { useSignal } from '@preact/signals';
import { Chart } from '../../parts/chart.js';
import { Figures } from '../../parts/figures.js';
import type { Start } from './deep-network.js';
import type { Report } from './worker.js';

const STEPS = 200;

interface Losses {
  readonly plain: readonly number[];
  readonly normalized: readonly number[];
}

interface LossCurvesProps {
  readonly start: Omit<Start, 'normalized'>;
  readonly train: (
    start: Omit<Start, 'normalized'>,
    steps: number,
    report: (report: Report) => void,
  ) => Promise<void>;
  readonly stop: () => void;
}

/** Does it learn? Two networks trained from the start that was chosen, with batch normalization and without. */
export function LossCurves({ start, train, stop }: LossCurvesProps) {
  const losses = useSignal<Losses>({ plain: [], normalized: [] });
  const busy = useSignal(false);
  const fault = useSignal<string | undefined>(undefined);
  const run = async (): Promise<void> => {
    losses.value = { plain: [], normalized: [] };
    busy.value = true;
    fault.value = undefined;
    try {
      await train(start, STEPS, ({ plain, normalized }) => {
        losses.value = {
          plain: [...losses.value.plain, ...plain],
          normalized: [...losses.value.normalized, ...normalized],
        };
      });
    } catch (error) {
      fault.value = String(error);
    }
    busy.value = false;
  };
  const { plain, normalized } = losses.value;
  return (
    <section aria-labelledby="learns">
      <h2 id="learns">Does it learn?</h2>
      <p class="prose">
        Ten layers of 100 units, scaled alike, learn digits from this start: {STEPS} steps of momentum, on the
        same batches with and without batch normalization. Guessing costs ln 10 ≈ 2.3.
      </p>
      <div class="buttons">
        <button type="button" disabled={busy.value} onClick={() => void run()}>
          Train from this start
        </button>
        <button type="button" class="secondary" disabled={!busy.value} onClick={stop}>
          Stop
        </button>
      </div>
      {fault.value !== undefined && <p role="alert">The training failed: {fault.value}</p>}
      <Figures
        figures={{
          steps: `${plain.length} of ${STEPS}`,
          'loss without': lossText(plain),
          'loss with': lossText(normalized),
        }}
      />
      <Chart
        caption="Loss of each batch, averaged over ten steps; a curve that is not there has left the chart, or is no number."
        xLabel="step"
        yLabel="cross-entropy"
        x={plain.map((_, i) => i + 1)}
        series={[
          { label: 'without batch normalization', values: smooth(plain), style: 1 },
          { label: 'with batch normalization', values: smooth(normalized), style: 0 },
        ]}
        yRange={[0, 4]}
      />
      <p class="visually-hidden" aria-live="polite">
        {plain.length === STEPS &&
          `After ${STEPS} steps the loss is ${lossText(plain)} without and ${lossText(normalized)} with batch normalization.`}
      </p>
    </section>
  );
}

const WINDOW = 10;

/** The mean of the last ten; null where it is no number. */
function smooth(values: readonly number[]): (number | null)[] {
  return values.map((_, i) => {
    const mean = meanOf(values.slice(Math.max(0, i + 1 - WINDOW), i + 1));
    return Number.isFinite(mean) ? mean : null;
  });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function lossText(losses: readonly number[]): string {
  if (losses.length === 0) return '–';
  const mean = meanOf(losses.slice(-WINDOW));
  return Number.isFinite(mean) ? mean.toFixed(2) : 'no number';
}
