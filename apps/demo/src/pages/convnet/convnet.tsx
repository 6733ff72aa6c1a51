import { useSignal } from '@preact/signals';
import { proxy, wrap, type Remote } from 'comlink';
import { useEffect, useRef } from 'preact/hooks';
import { Chart } from '../../parts/chart.js';
import { LogSlider, Select } from '../../parts/fields.js';
import { Figures } from '../../parts/figures.js';
import { rules } from '../../network/rules.js';
import { useSettings } from '../../settings.js';
import type { ConvnetWorker } from './worker.js';

const DEFAULTS = {
  layers: 'conv 8 5, relu, max 2, conv 16 5, relu, max 2, linear 10',
  rule: 'adam',
  rate: 3e-3,
};

export default function Convnet() {
  const settings = useSettings(DEFAULTS);
  const losses = useSignal<number[]>([]);
  const speed = useSignal(0);
  const threads = useSignal(0);
  const worker = useRef<Remote<ConvnetWorker> | undefined>(undefined);
  useEffect(() => {
    const thread = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
    worker.current = wrap<ConvnetWorker>(thread);
    return () => {
      thread.terminate();
    };
  }, []);
  const { layers, rule, rate } = settings.current.value;
  const train = async () => {
    const started = await worker.current?.start(document.baseURI, {
      layers,
      initializer: 'he',
      seed: 0,
      rule,
      learningRate: rate,
      schedule: 'constant',
      steps: 2000,
      batchSize: 64,
    });
    threads.value = started?.threads ?? 0;
    losses.value = [];
    await worker.current?.run(
      proxy((report) => {
        losses.value = [...losses.value, ...report.results.map(({ loss }) => loss)];
        speed.value = report.stepsPerSecond;
      }),
    );
  };
  return (
    <div class="workbench">
      <section class="controls" aria-label="Settings">
        <Select
          label="Update rule"
          value={rule}
          options={Object.fromEntries(Object.entries(rules).map(([name, { title }]) => [name, title]))}
          onChange={(rule) => {
            settings.set({ rule });
          }}
        />
        <LogSlider
          label="Learning rate"
          min={1e-4}
          max={1}
          value={rate}
          onChange={(rate) => {
            settings.set({ rate });
          }}
        />
        <div class="buttons">
          <button type="button" onClick={() => void train()}>
            Train
          </button>
          <button type="button" class="secondary" onClick={() => void worker.current?.pause()}>
            Pause
          </button>
        </div>
      </section>
      <section aria-label="Results">
        <Figures
          figures={{
            steps: String(losses.value.length),
            'steps/s': speed.value.toFixed(0),
            threads: String(threads.value),
          }}
        />
        <Chart
          caption="Loss of each batch."
          xLabel="step"
          yLabel="cross-entropy"
          x={losses.value.map((_, i) => i)}
          series={[{ label: 'training', values: losses.value }]}
          logarithmic
        />
      </section>
    </div>
  );
}
