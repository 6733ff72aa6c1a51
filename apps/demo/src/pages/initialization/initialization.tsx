import './initialization.css';
import { useSignal, useSignalEffect } from '@preact/signals';
import { proxy } from 'comlink';
import { useMemo } from 'preact/hooks';
import { Chart } from '../../parts/chart.js';
import { LogSlider, Select, Toggle } from '../../parts/fields.js';
import { latestOnly } from '../../parts/latest-only.js';
import { useWorker } from '../../parts/use-worker.js';
import { useSettings } from '../../settings.js';
import { activations, isActivationName, type ActivationName } from './activations.js';
import type { LayerView, Start } from './deep-network.js';
import { diagnose, short } from './diagnosis.js';
import { Histograms } from './histograms.js';
import { LossCurves } from './loss-curves.js';
import type { InitializationWorker } from './worker.js';

const DEFAULTS = { activation: 'tanh', scale: 0.01, norm: false };

/** Standard deviations for 500 inputs and 500 outputs. */
const PRESETS: Readonly<Record<string, number>> = { small: 0.01, large: 1, Xavier: 0.045, He: 0.063 };

/** Layers as they were seen, and from where. */
interface View {
  readonly activation: ActivationName;
  readonly layers: readonly LayerView[];
}

export default function Initialization() {
  const settings = useSettings(DEFAULTS);
  const worker = useWorker<InitializationWorker>(
    () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
  );
  const view = useSignal<View | undefined>(undefined);
  const look = useMemo(
    () =>
      latestOnly(async (start: Start) => {
        view.value = { activation: start.activation, layers: await worker.view(start) };
      }),
    [],
  );
  useSignalEffect(() => {
    const { norm, ...start } = settings.current.value;
    look({ ...start, activation: activationOf(start.activation), normalized: norm });
  });
  const { scale, norm } = settings.current.value;
  const activation = activationOf(settings.current.value.activation);
  return (
    <>
      <p class="prose">
        Gaussian numbers go through ten layers of 500 units whose weights have just been drawn. Drag the scale
        of the weights: with too small a one every layer says less than the one below and no gradient comes
        back; with too large a one every unit is driven to an end, where its slope is next to nothing.
        Xavier’s scale suits tanh, He’s suits ReLU, and batch normalization forgives nearly any.
      </p>
      <div class="workbench">
        <section class="controls" aria-label="Settings">
          <LogSlider
            label="Scale of the weights"
            min={0.001}
            max={1}
            value={Math.min(1, Math.max(0.001, scale))}
            onChange={(scale) => {
              settings.set({ scale });
            }}
          />
          <div class="buttons">
            {Object.entries(PRESETS).map(([name, preset]) => (
              <button
                key={name}
                type="button"
                class="secondary outline"
                aria-pressed={scale === preset}
                onClick={() => {
                  settings.set({ scale: preset });
                }}
              >
                {name} {preset}
              </button>
            ))}
          </div>
          <Select
            label="Activation"
            value={activation}
            options={Object.fromEntries(
              Object.entries(activations).map(([name, { title }]) => [name, title]),
            )}
            onChange={(activation) => {
              settings.set({ activation });
            }}
          />
          <Toggle
            label="Batch normalization"
            value={norm}
            onChange={(norm) => {
              settings.set({ norm });
            }}
          />
        </section>
        <section aria-label="Layers">
          {view.value === undefined ? <p>Drawing 2.5 million weights …</p> : <Layers {...view.value} />}
        </section>
      </div>
      <LossCurves
        start={{ activation, scale }}
        train={(start, steps, report) => worker.train(document.baseURI, start, steps, proxy(report))}
        stop={() => void worker.stop()}
      />
    </>
  );
}

function activationOf(name: string): ActivationName {
  return isActivationName(name) ? name : 'tanh';
}

function Layers({ activation, layers }: View) {
  const { alive, text } = diagnose(layers);
  const places = layers.map((_, i) => i + 1);
  return (
    <>
      <p class={alive ? 'diagnosis alive' : 'diagnosis'} aria-live="polite">
        {text}
      </p>
      <Histograms layers={layers} range={activations[activation].range} />
      <div class="panels">
        <Chart
          caption="On the way up: mean and deviation of what each layer says."
          xLabel="layer"
          yLabel="value"
          x={places}
          series={[
            { label: 'deviation', values: layers.map(({ deviation }) => deviation) },
            { label: 'mean', values: layers.map(({ mean }) => mean) },
          ]}
        />
        <Chart
          caption={`On the way back: a gradient of deviation 1 comes in at the top; ${short(layers[0].gradient)} arrives at layer 1.`}
          xLabel="layer"
          yLabel="deviation of the gradient"
          x={places}
          series={[{ label: 'gradient', values: layers.map(({ gradient }) => gradient || null), style: 2 }]}
          logarithmic
        />
      </div>
    </>
  );
}
