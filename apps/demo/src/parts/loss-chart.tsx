import type { Run } from '../training/runs.js';
import { Chart, type Mark, type Series } from './chart.js';
import { smoothed } from './smoothing.js';

export interface LossChartProps {
  readonly caption: string;
  readonly runs: readonly Run[];
  /** Of the whole training: the x axis reaches there from the first. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** Steps that a point of a curve averages over, about. */
  readonly span: number;
  readonly logarithmic: boolean;
  readonly height?: number;
}

/** Points of a curve: more could not be seen. */
const POINTS = 400;
/** Well above the loss of guessing among ten, ln 10 = 2.3: what is worse leaves the chart. */
export const HIGHEST_LOSS = 4;

/** The losses of several trainings, smoothed, over one axis of steps, with the epochs marked, and where one diverged. */
export function LossChart({
  caption,
  runs,
  steps,
  stepsPerEpoch,
  span,
  logarithmic,
  height = 320,
}: LossChartProps) {
  const every = Math.max(1, Math.ceil(steps / POINTS));
  const x = Array.from({ length: Math.floor((steps - 1) / every) + 1 }, (_, i) => i * every);
  const series = runs.map(({ label, style, losses }): Series => {
    const curve = smoothed(losses, span);
    // Infinity and NaN have no place on an axis.
    return { label, style, values: x.map((step) => (Number.isFinite(curve[step]) ? curve[step] : null)) };
  });
  return (
    <Chart
      caption={caption}
      xLabel="step"
      yLabel="cross-entropy loss (nats)"
      x={x}
      series={series}
      xRange={[0, steps]}
      yRange={logarithmic ? undefined : [0, HIGHEST_LOSS]}
      logarithmic={logarithmic}
      marks={[...epochMarks(steps, stepsPerEpoch), ...divergenceMarks(runs)]}
      height={height}
    />
  );
}

function epochMarks(steps: number, stepsPerEpoch: number): Mark[] {
  return Array.from({ length: Math.floor(steps / stepsPerEpoch) }, (_, i) => ({
    at: (i + 1) * stepsPerEpoch,
    label: `epoch ${i + 1}`,
  }));
}

function divergenceMarks(runs: readonly Run[]): Mark[] {
  return runs
    .filter(({ diverged }) => diverged)
    .map(({ label, losses }) => ({ at: losses.length, label: `${label} diverged` }));
}
