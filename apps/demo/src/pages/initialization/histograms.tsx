import type { LayerView } from './deep-network.js';
import { percent, short } from './diagnosis.js';

const WIDTH = 120;
const HEIGHT = 60;

/** Heights are square roots of shares: 3 % here and 100 % there are both to be seen. */
const heightOf = (share: number): number => HEIGHT * Math.sqrt(share);

interface HistogramsProps {
  readonly layers: readonly LayerView[];
  /** The ends of the x axis. */
  readonly range: readonly [low: number, high: number];
}

/** One small histogram for each layer, all on the same axes. */
export function Histograms({ layers, range }: HistogramsProps) {
  return (
    <figure>
      <ol class="histograms">
        {layers.map((layer, i) => (
          <li key={i}>
            <Histogram layer={layer} place={i + 1} range={range} />
          </li>
        ))}
      </ol>
      <figcaption>
        What the units of each layer say, over all examples: value to the right, share upwards. Lines at 1, 10
        and 50 % (the scale is a square root). Orange is at an end of the range, or beyond. Below: mean ±
        deviation.
      </figcaption>
    </figure>
  );
}

interface HistogramProps {
  readonly layer: LayerView;
  readonly place: number;
  readonly range: readonly [low: number, high: number];
}

function Histogram({ layer: { shares, mean, deviation, flat }, place, range: [low, high] }: HistogramProps) {
  const width = WIDTH / shares.length;
  const bar = (share: number, i: number): string =>
    share === 0 ? '' : `M${i * width} ${HEIGHT}v${-heightOf(share)}h${width}v${heightOf(share)}z`;
  const last = shares.length - 1;
  return (
    <>
      <strong>Layer {place}</strong>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Layer ${place}: mean ${short(mean)}, deviation ${short(deviation)}, ${percent(flat)} where the activation is flat`}
      >
        {[0.01, 0.1, 0.5].map((share) => (
          <line
            key={share}
            class="rule"
            x1={0}
            x2={WIDTH}
            y1={HEIGHT - heightOf(share)}
            y2={HEIGHT - heightOf(share)}
          />
        ))}
        <path class="inner" d={shares.map((share, i) => (i % last === 0 ? '' : bar(share, i))).join('')} />
        <path class="ends" d={`${bar(shares[0], 0)}${bar(shares[last], last)}`} />
      </svg>
      <div class="ends-of-axis" aria-hidden="true">
        <span>{low}</span>
        <span>{high}</span>
      </div>
      <div class="reading" aria-hidden="true">
        {Math.abs(mean) < deviation / 20 ? 0 : short(mean)} ± {short(deviation)}
      </div>
    </>
  );
}
