import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';

interface FieldProps<Value> {
  readonly label: string;
  readonly value: Value;
  readonly onChange: (value: Value) => void;
  readonly disabled?: boolean;
}

/** A number that is dragged, with its reading. */
export function Slider({
  label,
  value,
  onChange,
  disabled,
  min,
  max,
  step = 1,
  format = String,
}: FieldProps<number> & {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly format?: (value: number) => string;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        {label} <span class="reading">{format(value)}</span>
      </label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={format(value)}
        onInput={({ currentTarget }) => {
          onChange(currentTarget.valueAsNumber);
        }}
      />
    </div>
  );
}

/** A number over several magnitudes that is dragged: the slider moves along its logarithm, in tenths of a decade. */
export function LogSlider({
  min,
  max,
  value,
  onChange,
  format = (rate) => rate.toPrecision(2),
  ...props
}: FieldProps<number> & {
  readonly min: number;
  readonly max: number;
  readonly format?: (value: number) => string;
}) {
  return (
    <Slider
      {...props}
      min={Math.log10(min)}
      max={Math.log10(max)}
      step={0.1}
      value={Math.log10(value)}
      format={(exponent) => format(10 ** exponent)}
      onChange={(exponent) => {
        onChange(Number((10 ** exponent).toPrecision(2)));
      }}
    />
  );
}

/**
 * A number that is typed; what is no number, or out of range, is not taken over. What is being typed stays, however often the
 * page is drawn meanwhile.
 */
export function NumberField({
  label,
  value,
  onChange,
  disabled,
  min,
  max,
  step = 'any',
}: FieldProps<number> & {
  readonly min?: number;
  readonly max?: number;
  readonly step?: number | 'any';
}) {
  const draft = useSignal<string | undefined>(undefined);
  return (
    <label class="field">
      {label}
      <input
        type="number"
        min={min}
        max={max}
        step={step}
        value={draft.value ?? value}
        disabled={disabled}
        onInput={({ currentTarget }) => {
          draft.value = currentTarget.value;
        }}
        onChange={({ currentTarget }) => {
          if (currentTarget.validity.valid && currentTarget.value !== '') {
            draft.value = undefined;
            onChange(currentTarget.valueAsNumber);
          } else currentTarget.reportValidity();
        }}
      />
    </label>
  );
}

/** One of several names. */
export function Select({
  label,
  value,
  onChange,
  disabled,
  options,
}: FieldProps<string> & {
  /** The values and how each is called. */
  readonly options: Readonly<Record<string, string>>;
}) {
  return (
    <label class="field">
      {label}
      <select
        value={value}
        disabled={disabled}
        onChange={({ currentTarget }) => {
          onChange(currentTarget.value);
        }}
      >
        {Object.entries(options).map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Yes or no. */
export function Toggle({ label, value, onChange, disabled }: FieldProps<boolean>) {
  return (
    <label class="field">
      <input
        type="checkbox"
        checked={value}
        disabled={disabled}
        onChange={({ currentTarget }) => {
          onChange(currentTarget.checked);
        }}
      />
      {label}
    </label>
  );
}
