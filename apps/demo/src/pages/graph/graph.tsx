import './graph.css';
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { rules } from '../../network/rules.js';
import { NumberField, Select, Slider, Toggle } from '../../parts/fields.js';
import { latestOnly } from '../../parts/latest-only.js';
import { useWorker } from '../../parts/use-worker.js';
import { useSettings } from '../../settings.js';
import { Details } from './details.js';
import { Drawing } from './drawing.js';
import { drawnKernels, drawnOperations } from './drawn.js';
import type { Layout } from './layout.js';
import { PARTS, type StepGraph, type StepOptions } from './step-graph.js';
import { KernelTable, TotalsTable } from './tables.js';
import type { GraphWorker } from './worker.js';

const DEFAULTS = {
  layers: 'conv 8 5, relu, max 2, conv 16 5, relu, max 2, linear 10',
  rule: 'adam',
  batch: 64,
  view: 'before',
  forward: true,
  backward: true,
  update: false,
};

/** A step with the boxes of one view of it in their places. */
interface View {
  readonly graph: StepGraph;
  readonly fused: boolean;
  readonly layout: Layout;
}

interface ViewRequest {
  readonly graph: StepGraph;
  readonly fused: boolean;
  readonly parts: readonly string[];
}

export default function GraphPage() {
  const settings = useSettings(DEFAULTS);
  const worker = useWorker<GraphWorker>(
    () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }),
  );
  const step = useSignal<StepGraph | undefined>(undefined);
  const view = useSignal<View | undefined>(undefined);
  const selected = useSignal<number | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  const zoom = useSignal(0.9);
  const trace = useMemo(
    () =>
      latestOnly(async (options: StepOptions) => {
        try {
          step.value = await worker.trace(options);
          fault.value = undefined;
        } catch (error) {
          fault.value = error instanceof Error ? error.message : String(error);
        }
      }),
    [],
  );
  const arrange = useMemo(
    () =>
      latestOnly(async ({ graph, fused, parts }: ViewRequest) => {
        const boxes = (fused ? graph.kernels : graph.operations).filter(({ part }) => parts.includes(part));
        const layout = await worker.layOut(boxes.map(({ id, inputs }) => ({ id, inputs })));
        selected.value = undefined;
        view.value = { graph, fused, layout };
      }),
    [],
  );

  const { layers, rule, batch, view: chosen, ...switches } = settings.current.value;
  const fused = chosen === 'after';
  const parts = PARTS.filter((part) => switches[part]);
  const graph = step.value;
  useEffect(() => {
    trace({
      layers,
      rule: Object.hasOwn(rules, rule) ? rule : DEFAULTS.rule,
      batchSize: Math.min(512, Math.max(1, Math.round(batch))),
    });
  }, [layers, rule, batch]);
  useEffect(() => {
    if (graph !== undefined) arrange({ graph, fused, parts });
  }, [graph, fused, parts.join()]);

  return (
    <>
      <p class="prose">
        A training step is one graph: forward from the images to the loss, backward from the loss to every
        gradient, then the update. Before fusion every box is an operation as it was written, with a result of
        its own; after it only kernels are left, each a few loops that do the work of several operations
        without storing what lies between. Choose a box to see what it costs and what became of it.
      </p>
      <div class="workbench">
        <section class="controls" aria-label="Settings">
          <Select
            label="Show"
            value={fused ? 'after' : 'before'}
            options={{ before: 'operations, before fusion', after: 'kernels, after fusion' }}
            onChange={(view) => {
              settings.set({ view });
            }}
          />
          <div class="parts">
            {PARTS.map((part) => (
              <div key={part} class={part}>
                <Toggle
                  label={part}
                  value={switches[part]}
                  onChange={(shown) => {
                    settings.set({ [part]: shown });
                  }}
                />
              </div>
            ))}
          </div>
          <label class="field">
            Layers
            <textarea
              rows={4}
              spellcheck={false}
              value={layers}
              aria-invalid={fault.value === undefined ? undefined : true}
              onChange={({ currentTarget }) => {
                settings.set({ layers: currentTarget.value });
              }}
            />
          </label>
          <Select
            label="Update rule"
            value={rule}
            options={Object.fromEntries(Object.entries(rules).map(([name, { title }]) => [name, title]))}
            onChange={(rule) => {
              settings.set({ rule });
            }}
          />
          <NumberField
            label="Images in a batch"
            min={1}
            max={512}
            step={1}
            value={batch}
            onChange={(batch) => {
              settings.set({ batch });
            }}
          />
          <Slider
            label="Zoom"
            min={0.3}
            max={1.5}
            step={0.1}
            value={zoom.value}
            format={(zoom) => `${Math.round(100 * zoom)} %`}
            onChange={(value) => {
              zoom.value = value;
            }}
          />
        </section>
        <section aria-label="Graph">
          {fault.value !== undefined && <p role="alert">{fault.value}</p>}
          {view.value === undefined ? (
            fault.value === undefined && <p>Tracing the step …</p>
          ) : (
            <Step
              {...view.value}
              zoom={zoom.value}
              selected={selected.value}
              onSelect={(id) => {
                selected.value = id;
              }}
            />
          )}
        </section>
      </div>
    </>
  );
}

interface StepProps extends View {
  readonly zoom: number;
  readonly selected: number | undefined;
  readonly onSelect: (id: number) => void;
}

function Step({ graph, fused, layout, zoom, selected, onSelect }: StepProps) {
  const contents = useMemo(() => (fused ? drawnKernels(graph) : drawnOperations(graph)), [graph, fused]);
  const operation = fused ? undefined : graph.operations.find(({ id }) => id === selected);
  const kernel = fused ? graph.kernels.find(({ id }) => id === selected) : undefined;
  const related = new Set(operation?.kernels.flatMap((id) => graph.kernels[id].operations) ?? []);
  return (
    <>
      <TotalsTable totals={graph.totals} />
      <Drawing
        label={
          fused
            ? `${layout.boxes.length} kernels and what they read of each other`
            : `${layout.boxes.length} operations and what they take from each other`
        }
        layout={layout}
        contents={contents}
        selected={selected}
        related={related}
        zoom={zoom}
        onSelect={onSelect}
      />
      <Details graph={graph} operation={operation} kernel={kernel} />
      <KernelTable graph={graph} />
    </>
  );
}
