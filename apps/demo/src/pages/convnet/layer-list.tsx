import { useSignal } from '@preact/signals';
import { layerKinds, parseLayers, writeLayers, type LayerText } from '../../network/layers.js';
import { Select } from '../../parts/fields.js';
import type { Outline } from './outline.js';
import { messageOf } from './session.js';
import { presets } from './settings.js';

export interface LayerListProps {
  /** The network as text. */
  readonly text: string;
  /** What it describes; undefined for a text that is no network. */
  readonly outline: Outline | undefined;
  readonly onChange: (text: string) => void;
}

/** The layers of a network, to be changed one by one or as text. */
export function LayerList({ text, outline, onChange }: LayerListProps) {
  // On a phone the list would push everything else down.
  const open = useSignal(matchMedia('(min-width: 60rem)').matches);
  const layers = readable(text);
  const preset = Object.keys(presets).find((name) => presets[name].layers === text) ?? 'own';
  const change = (next: readonly LayerText[]) => {
    onChange(writeLayers(next));
  };
  return (
    <>
      <Select
        label="Network"
        value={preset}
        options={{
          ...Object.fromEntries(Object.entries(presets).map(([name, { title }]) => [name, title])),
          ...(preset === 'own' ? { own: 'Your own' } : {}),
        }}
        onChange={(name) => {
          if (name !== 'own') onChange(presets[name].layers);
        }}
      />
      <details
        class="layers"
        open={open.value}
        onToggle={({ currentTarget }) => {
          open.value = currentTarget.open;
        }}
      >
        <summary>
          {layers.length} layers
          {outline === undefined ? '' : `, ${outline.parameters.toLocaleString('en')} parameters`}
        </summary>
        {open.value && (
          <>
            <ol>
              {layers.map((layer, i) => (
                <LayerRow
                  key={i}
                  place={i + 1}
                  layer={layer}
                  shape={outline?.layers[i]?.shape.join(' × ')}
                  isFirst={i === 0}
                  isLast={i === layers.length - 1}
                  onChange={(next) => {
                    change(layers.with(i, next));
                  }}
                  onMove={(by) => {
                    change(layers.with(i, layers[i + by]).with(i + by, layer));
                  }}
                  onRemove={() => {
                    change(layers.toSpliced(i, 1));
                  }}
                  onAdd={() => {
                    change(layers.toSpliced(i, 0, { kind: 'relu', numbers: [] }));
                  }}
                />
              ))}
            </ol>
            <AsText text={text} onChange={onChange} />
          </>
        )}
      </details>
    </>
  );
}

interface LayerRowProps {
  readonly place: number;
  readonly layer: LayerText;
  readonly shape: string | undefined;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly onChange: (layer: LayerText) => void;
  readonly onMove: (by: -1 | 1) => void;
  readonly onRemove: () => void;
  readonly onAdd: () => void;
}

function LayerRow({
  place,
  layer,
  shape,
  isFirst,
  isLast,
  onChange,
  onMove,
  onRemove,
  onAdd,
}: LayerRowProps) {
  const { kind, numbers } = layer;
  return (
    <li>
      <div class="layer-kind">
        <select
          aria-label={`Layer ${place}`}
          value={kind}
          onChange={({ currentTarget }) => {
            const { value } = currentTarget;
            onChange({ kind: value, numbers: Object.values(layerKinds[value].numbers) });
          }}
        >
          {Object.entries(layerKinds).map(([name, { title }]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
        <LayerButton
          label={`Move layer ${place} up`}
          sign="↑"
          disabled={isFirst}
          onClick={() => {
            onMove(-1);
          }}
        />
        <LayerButton
          label={`Move layer ${place} down`}
          sign="↓"
          disabled={isLast}
          onClick={() => {
            onMove(1);
          }}
        />
        <LayerButton label={`Add a layer before layer ${place}`} sign="+" onClick={onAdd} />
        <LayerButton label={`Remove layer ${place}`} sign="×" onClick={onRemove} />
      </div>
      <div class="layer-numbers">
        {Object.keys(layerKinds[kind].numbers).map((name, k) => (
          <label key={name}>
            {name}
            <input
              type="number"
              aria-label={`${name} of layer ${place}`}
              value={numbers[k]}
              min={name === 'rate' ? 0 : 1}
              max={name === 'rate' ? 0.95 : undefined}
              step={name === 'rate' ? 0.05 : 1}
              onChange={({ currentTarget }) => {
                if (currentTarget.reportValidity() && currentTarget.value !== '') {
                  onChange({ kind, numbers: numbers.with(k, currentTarget.valueAsNumber) });
                }
              }}
            />
          </label>
        ))}
        {shape !== undefined && <span class="layer-shape">→ {shape}</span>}
      </div>
    </li>
  );
}

function LayerButton({
  label,
  sign,
  disabled,
  onClick,
}: {
  readonly label: string;
  readonly sign: string;
  readonly disabled?: boolean;
  readonly onClick: () => void;
}) {
  return (
    <button
      type="button"
      class="secondary outline"
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
    >
      {sign}
    </button>
  );
}

/** The text itself, taken over when it is left and can be read. */
function AsText({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) {
  const fault = useSignal<string | undefined>(undefined);
  return (
    <label class="field">
      As text
      <textarea
        rows={3}
        spellcheck={false}
        value={text}
        aria-invalid={fault.value === undefined ? undefined : true}
        onChange={({ currentTarget }) => {
          try {
            onChange(writeLayers(parseLayers(currentTarget.value)));
            fault.value = undefined;
          } catch (error) {
            fault.value = messageOf(error);
          }
        }}
      />
      <small role="status">{fault.value}</small>
    </label>
  );
}

/** The layers of a text; none where a link holds what cannot be read. */
function readable(text: string): readonly LayerText[] {
  try {
    return parseLayers(text);
  } catch {
    return [];
  }
}
