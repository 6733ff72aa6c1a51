import { useSignal, useSignalEffect } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { Select } from '../../parts/fields.js';
import { Figures } from '../../parts/figures.js';
import type { DropoutSettings } from './defaults.js';
import { countDropped, LAYERS, MaskDrawer, type DrawnMask, type Kind } from './masks.js';

const WIDTH = 520;
const HEIGHT = 300;
const RADIUS = 13;
/** Milliseconds between two steps when they go by themselves: slow enough to look at. */
const PACE = 900;

const KINDS: Readonly<Record<Kind, string>> = {
  units: 'Dropout: units',
  edges: 'DropConnect: weights',
};

/** A small network, and what each training step drops of it. */
export function Masks({ settings }: { readonly settings: DropoutSettings }) {
  const { rate, drops } = settings.current.value;
  const kind: Kind = drops === 'edges' ? 'edges' : 'units';
  const drawer = useMemo(() => new MaskDrawer(), []);
  const first = useMemo(() => drawer.next(kind, rate), []);
  const mask = useSignal(first);
  const steps = useSignal(1);
  const total = useSignal(countDropped(first, kind));
  const playing = useSignal(false);

  const step = () => {
    const { rate, drops } = settings.current.peek();
    const kind: Kind = drops === 'edges' ? 'edges' : 'units';
    mask.value = drawer.next(kind, rate);
    const { dropped, of } = countDropped(mask.peek(), kind);
    total.value = { dropped: total.peek().dropped + dropped, of: total.peek().of + of };
    steps.value++;
  };
  const restart = () => {
    total.value = { dropped: 0, of: 0 };
    steps.value = 0;
    step();
  };
  useSignalEffect(() => {
    if (!playing.value) return undefined;
    const timer = setInterval(step, PACE);
    return () => {
      clearInterval(timer);
    };
  });

  const { dropped, of } = countDropped(mask.value, kind);
  return (
    <div class="workbench">
      <section class="controls" aria-label="Settings of the masks">
        <Select
          label="What drops"
          value={kind}
          options={KINDS}
          onChange={(drops) => {
            settings.set({ drops });
            restart();
          }}
        />
        <div class="buttons">
          <button type="button" onClick={step}>
            Next step
          </button>
          <button
            type="button"
            class="secondary"
            aria-pressed={playing.value}
            onClick={() => {
              playing.value = !playing.value;
            }}
          >
            {playing.value ? 'Pause' : 'Play slowly'}
          </button>
          <button type="button" class="secondary outline" onClick={restart}>
            Count anew
          </button>
        </div>
        <p>
          <small>
            The rate is that of the training above. Outputs never drop. Each mask is drawn as a training step
            draws it.
          </small>
        </p>
      </section>
      <section aria-label="The masks">
        <NetworkDrawing
          mask={mask.value}
          label={`Step ${steps.value}: ${dropped} of ${of} ${kind === 'units' ? 'units' : 'weights'} dropped.`}
        />
        <Figures
          figures={{
            step: String(steps.value),
            'dropped now': `${dropped} of ${of}`,
            'dropped so far': `${((100 * total.value.dropped) / total.value.of).toFixed(1)} %`,
            rate: `${(100 * rate).toFixed(0)} %`,
          }}
        />
      </section>
    </div>
  );
}

/** Units as circles, weights as lines; what is dropped is faint, and dropped units are crossed out. */
function NetworkDrawing({ mask, label }: { readonly mask: DrawnMask; readonly label: string }) {
  const place = (layer: number, unit: number): { x: number; y: number } => ({
    x: 30 + (layer * (WIDTH - 60)) / (LAYERS.length - 1),
    y: (HEIGHT * (unit + 0.5)) / LAYERS[layer],
  });
  return (
    <svg class="network" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {mask.edges.map((rows, layer) =>
        rows.map((row, to) =>
          row.map((kept, from) => {
            const [a, b] = [place(layer, from), place(layer + 1, to)];
            const alive = kept && mask.units[layer][from] && mask.units[layer + 1][to];
            return (
              <line
                key={`${layer} ${from} ${to}`}
                class={alive ? 'edge' : 'edge dropped'}
                x1={a.x}
                y1={a.y}
                x2={b.x}
                y2={b.y}
              />
            );
          }),
        ),
      )}
      {mask.units.map((units, layer) =>
        units.map((kept, unit) => {
          const { x, y } = place(layer, unit);
          const arm = RADIUS * 0.6;
          return (
            <g key={`${layer} ${unit}`} class={kept ? 'unit' : 'unit dropped'}>
              <circle cx={x} cy={y} r={RADIUS} />
              {!kept && (
                <path
                  d={`M${x - arm} ${y - arm}L${x + arm} ${y + arm}M${x - arm} ${y + arm}L${x + arm} ${y - arm}`}
                />
              )}
            </g>
          );
        }),
      )}
    </svg>
  );
}
