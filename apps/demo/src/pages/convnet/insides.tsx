import { Chart } from '../../parts/chart.js';
import { Select } from '../../parts/fields.js';
import { Picture } from '../../parts/picture.js';
import { tile } from '../../parts/tiles.js';
import { writeLayers } from '../../network/layers.js';
import type { Histogram } from '../../training/histogram.js';
import type { Activation, Filters } from '../../training/inspector.js';
import type { Outline } from './outline.js';
import { SAMPLE, type LayerHistograms } from './layer-histograms.js';
import type { RatioHistory } from './ratio-history.js';

/** Pictures of one layer that are shown. */
const MOST_MAPS = 32;

/** The first layer's weights as pictures. */
export function FilterPictures({ filters }: { readonly filters: Filters | undefined }) {
  if (filters === undefined) return <p>The first layer with weights does not look at the picture itself.</p>;
  const { height, width, values } = filters;
  const count = Math.min(MOST_MAPS, filters.count);
  const tiles = tile(values, { count, height, width, columns: Math.max(4, Math.floor(80 / width)) });
  return (
    <figure class="tiles">
      <Picture
        label={`${count} filters of ${height} × ${width} weights`}
        {...tiles}
        limit={largest(values)}
        zoom={zoomFor(tiles.width)}
      />
      <figcaption>
        {count < filters.count ? `The first ${count} of ${filters.count} filters` : `All ${count} filters`} of
        the first layer with weights, {height} × {width} each. Orange weights are positive, blue ones
        negative; up to ±{largest(values).toPrecision(2)}.
      </figcaption>
    </figure>
  );
}

/** What each layer makes of the digit. */
export function ActivationPictures({
  outline,
  activations,
}: {
  readonly outline: Outline;
  readonly activations: readonly Activation[];
}) {
  return (
    <ol class="activations tiles">
      {activations.map(({ shape, values }, i) => {
        const [channels, height, width] = shape.length === 3 ? shape : [1, 1, shape[0]];
        const flat = shape.length === 1;
        const columns = Math.min(width, 64);
        const count = Math.min(flat ? width : channels, flat ? 1024 : MOST_MAPS);
        const tiles = flat
          ? tile(values, { count, height: 1, width: 1, columns })
          : tile(values, { count, height, width, columns: Math.max(4, Math.floor(112 / width)) });
        const title = i < outline.layers.length ? writeLayers([outline.layers[i].text]) : '';
        return (
          <li key={i}>
            <span>
              {title} <small>{shape.join(' × ')}</small>
            </span>
            <Picture
              label={`Layer ${i + 1}, ${title}: ${count} of ${shape[0]} ${flat ? 'units' : 'maps'}, from ${extremes(values)}`}
              {...tiles}
              limit={largest(values)}
              zoom={flat ? 6 : Math.max(1, Math.min(4, Math.floor(360 / tiles.width)))}
            />
          </li>
        );
      })}
    </ol>
  );
}

/** How much each layer's weights move in one step, over the steps that were looked at. */
export function UpdateRatios({
  outline,
  history,
}: {
  readonly outline: Outline;
  readonly history: RatioHistory;
}) {
  const weighted = outline.layers.flatMap(({ text, hasWeights }, i) =>
    hasWeights ? [`${i + 1} ${writeLayers([text])}`] : [],
  );
  return (
    <>
      <p class="prose">
        The length of a step’s update, divided by the length of the weights it changes. About 1e-3 is healthy:
        much more, and the learning rate is too high, much less, and it is too low.
      </p>
      <Chart
        caption="Update ratio of each layer with weights, and the healthy 1e-3."
        xLabel="step"
        yLabel="‖update‖ / ‖weights‖"
        x={history.map(({ steps }) => steps)}
        logarithmic
        series={[
          ...weighted.map((label, k) => ({
            label,
            values: history.map(({ ratios }) => positive(ratios[k])),
          })),
          { label: 'healthy', style: 7 + 8, values: history.map(() => 1e-3) },
        ]}
      />
    </>
  );
}

function positive(ratio: number | undefined): number | null {
  return ratio !== undefined && Number.isFinite(ratio) && ratio > 0 ? ratio : null;
}

/** How weights, activations and gradients of one layer are spread. */
export function Histograms({
  outline,
  layer,
  onChoose,
  histograms,
}: {
  readonly outline: Outline;
  readonly layer: number;
  readonly onChoose: (layer: number) => void;
  readonly histograms: LayerHistograms | undefined;
}) {
  return (
    <>
      <Select
        label="Layer"
        value={String(layer)}
        options={Object.fromEntries(
          outline.layers.map(({ text }, i) => [String(i), `${i + 1}: ${writeLayers([text])}`]),
        )}
        onChange={(value) => {
          onChoose(Number(value));
        }}
      />
      <div class="panels">
        <HistogramChart
          histogram={histograms?.activations}
          caption={`What the layer gives for ${SAMPLE} held-out digits.`}
          xLabel="activation"
        />
        {outline.layers[layer]?.hasWeights === true && (
          <>
            <HistogramChart histogram={histograms?.weights} caption="Its weights." xLabel="weight" />
            <HistogramChart
              histogram={histograms?.gradients}
              caption="The loss’s gradient by its weights, over one batch of the training; empty until a step is taken."
              xLabel="gradient"
            />
          </>
        )}
      </div>
    </>
  );
}

function HistogramChart({
  histogram,
  caption,
  xLabel,
}: {
  readonly histogram: Histogram | undefined;
  readonly caption: string;
  readonly xLabel: string;
}) {
  const { centers, counts } = histogram ?? { centers: [], counts: [] };
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (
    <Chart
      caption={caption}
      xLabel={xLabel}
      yLabel="share of values"
      height={180}
      x={centers}
      series={[{ label: xLabel, values: counts.map((count) => count / total), kind: 'bars' }]}
    />
  );
}

function largest(values: Float32Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most === 0 ? 1 : most;
}

function extremes(values: Float32Array): string {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return `${low.toPrecision(2)} to ${high.toPrecision(2)}`;
}

/** Large pixels for small pictures. */
function zoomFor(width: number): number {
  return Math.max(2, Math.min(12, Math.floor(420 / width)));
}
