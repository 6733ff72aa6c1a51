import { sample, type Schedule } from '@downhill/schedules';
import { SERIES_COLORS } from '../../theme.js';

const WIDTH = 120;
const HEIGHT = 40;

/** The course of a schedule in small, from 0 to the highest it reaches, beside its name: without axes. */
export function SchedulePicture({
  schedule,
  steps,
  style,
}: {
  readonly schedule: Schedule;
  readonly steps: number;
  /** Which of the colours of series. */
  readonly style: number;
}) {
  const places = Array.from({ length: WIDTH + 1 }, (_, i) => (i * steps) / WIDTH);
  const rates = sample(schedule, places).map(({ value }) => value);
  const highest = Math.max(...rates);
  const points = rates.map((rate, x) => `${x},${(HEIGHT - (rate / highest) * HEIGHT).toFixed(1)}`);
  return (
    <svg viewBox={`0 -2 ${WIDTH} ${HEIGHT + 4}`} aria-hidden="true" preserveAspectRatio="none">
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke={`var(--series-${(style % SERIES_COLORS) + 1})`}
        stroke-width="2"
        vector-effect="non-scaling-stroke"
      />
    </svg>
  );
}
