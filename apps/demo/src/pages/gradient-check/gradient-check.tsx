import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { Chart } from '../../parts/chart.js';
import { LogSlider, NumberField, Select, Toggle } from '../../parts/fields.js';
import { useWorker } from '../../parts/use-worker.js';
import { useSettings } from '../../settings.js';
import type { Sweep } from './check.js';
import { ReportTable } from './report-table.js';
import type { Found, GradientCheckWorker } from './worker.js';

const DEFAULTS = {
  layers: 'conv 2 3, relu, max 4, linear 8, tanh, linear 10',
  step: 1e-5,
  planted: false,
  seed: 1,
};

export default function GradientCheck() {
  const settings = useSettings(DEFAULTS);
  const worker = useWorker<GradientCheckWorker>(
    () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
  );
  const found = useSignal<Found | undefined>(undefined);
  const sweep = useSignal<Sweep | undefined>(undefined);
  const busy = useSignal(false);
  const fault = useSignal<string | undefined>(undefined);
  const { layers, step, planted, seed } = settings.current.value;
  const during = async (work: () => Promise<void>): Promise<void> => {
    busy.value = true;
    fault.value = undefined;
    try {
      await work();
    } catch (error) {
      fault.value = error instanceof Error ? error.message : String(error);
    }
    busy.value = false;
  };
  const check = () =>
    during(async () => {
      found.value = undefined;
      found.value = await worker.check(document.baseURI, {
        layers,
        stepSize: step,
        bugSeed: planted ? seed : undefined,
      });
    });
  useEffect(() => {
    void check();
  }, []);
  return (
    <>
      <p class="prose">
        Is a backward pass right? Move one weight a little both ways, and the loss tells its slope; compare
        that with the gradient, in float64, in a few coordinates of every parameter. Plant a bug and find it:
        what lies behind it is right, what lies before it is mostly wrong. With a larger step some pairs of
        points lie on two sides of a kink of ReLU or max, and their difference means nothing.
      </p>
      <div class="workbench">
        <section class="controls" aria-label="Settings">
          <label class="field">
            Layers
            <textarea
              rows={3}
              spellcheck={false}
              value={layers}
              onChange={({ currentTarget }) => {
                settings.set({ layers: currentTarget.value });
              }}
            />
          </label>
          <LogSlider
            label="Step h"
            min={1e-8}
            max={0.1}
            value={step}
            format={(value) => value.toExponential(1)}
            onChange={(step) => {
              settings.set({ step });
            }}
          />
          <Toggle
            label="Plant a bug"
            value={planted}
            onChange={(planted) => {
              settings.set({ planted });
            }}
          />
          <NumberField
            label="Which (a seed)"
            value={seed}
            min={0}
            max={9999}
            step={1}
            disabled={!planted}
            onChange={(seed) => {
              settings.set({ seed });
            }}
          />
          <div class="buttons">
            <button type="button" disabled={busy.value} onClick={() => void check()}>
              Check
            </button>
            <button
              type="button"
              class="secondary"
              disabled={busy.value}
              onClick={() =>
                void during(async () => {
                  sweep.value = await worker.sweep(document.baseURI, layers);
                })
              }
            >
              Try all steps
            </button>
          </div>
        </section>
        <section aria-label="Report" aria-busy={busy.value}>
          {fault.value !== undefined && <p role="alert">{fault.value}</p>}
          {busy.value && <p>Computing …</p>}
          {found.value !== undefined && <Report found={found.value} />}
          {sweep.value !== undefined && <SweepChart {...sweep.value} />}
        </section>
      </div>
    </>
  );
}

function headline({ passed, parameters }: Found['report']): string {
  if (passed) return 'All gradients agree.';
  const known = parameters.every(({ verdict }) => verdict !== 'wrong');
  return known ? 'Not all gradients could be compared that well.' : 'Not all gradients agree.';
}

function Report({ found }: { readonly found: Found }) {
  const { report, kink, planted, layers } = found;
  return (
    <>
      <p aria-live="polite">
        <strong>{headline(report)}</strong> Relative errors up to {report.tolerance.toExponential(0)} pass.
      </p>
      <ReportTable report={report} />
      {planted !== undefined && (
        <Guess key={`${planted.layer} ${planted.title}`} layers={layers} planted={planted} />
      )}
      {kink !== undefined && (
        <Chart
          caption={`A kink: ${kink.operation} changes its choice between x − h and x + h at ${kink.name}. Where the slope jumps in between, no difference can agree with it.`}
          xLabel="distance moved"
          yLabel="slope of the loss"
          x={kink.places}
          series={[{ label: 'slope', values: kink.values }]}
        />
      )}
    </>
  );
}

interface GuessProps {
  readonly layers: readonly string[];
  readonly planted: { readonly title: string; readonly layer: number };
}

/** Where is the bug? */
function Guess({ layers, planted }: GuessProps) {
  const guess = useSignal('');
  const right = guess.value === `layer ${planted.layer}`;
  return (
    <>
      <Select
        label="In which layer is the bug?"
        value={guess.value}
        options={{
          '': 'choose',
          ...Object.fromEntries(layers.map((layer, i) => [`layer ${i}`, `${i + 1}. ${layer}`])),
        }}
        onChange={(value) => {
          guess.value = value;
        }}
      />
      <p aria-live="polite">
        {guess.value !== '' &&
          `${right ? 'Right' : 'No'}: in ${planted.layer + 1}. ${layers[planted.layer]}, ${planted.title}.`}
      </p>
    </>
  );
}

function SweepChart({ stepSizes, float32, float64 }: Sweep) {
  // From small steps to large, as an axis goes.
  const ordered = (values: readonly number[]) => [...values].reverse();
  const positive = (values: readonly number[]) => ordered(values).map((value) => (value > 0 ? value : null));
  return (
    <Chart
      caption="Too large a step and the curve bends away between the points; too small a one and rounding is all that is left. Weights of the last layer, without a bug."
      xLabel="step h, as a power of ten"
      yLabel="relative error"
      x={ordered(stepSizes).map((step) => Math.log10(step))}
      series={[
        { label: 'float32', values: positive(float32) },
        { label: 'float64', values: positive(float64) },
      ]}
      logarithmic
    />
  );
}
