import type { initializers } from '../../network/layers.js';
import { rules } from '../../network/rules.js';
import { schedules } from '../../network/schedules.js';
import { LogSlider, NumberField, Select } from '../../parts/fields.js';
import { readOptions, writeOptions, type ConvnetSettings } from './settings.js';

const INITIALIZERS: Readonly<Record<keyof typeof initializers, string>> = {
  he: 'He',
  xavier: 'Xavier',
  lecun: 'LeCun',
  small: 'Small (0.01)',
  large: 'Large (1)',
};

/** How the network is trained. */
export function Options({
  settings,
  onChange,
}: {
  readonly settings: ConvnetSettings;
  readonly onChange: (changed: Partial<ConvnetSettings>) => void;
}) {
  const { rule, rate, schedule, steps, batch, initializer, seed } = settings;
  return (
    <>
      <Select
        label="Update rule"
        value={rule}
        options={titles(rules)}
        onChange={(rule) => {
          onChange({ rule });
        }}
      />
      <LogSlider
        label="Learning rate"
        min={1e-5}
        max={1}
        value={rate}
        onChange={(rate) => {
          onChange({ rate });
        }}
      />
      <Select
        label="Schedule"
        value={schedule}
        options={titles(schedules)}
        onChange={(schedule) => {
          onChange({ schedule });
        }}
      />
      <div class="pair">
        <NumberField
          label="Steps"
          value={steps}
          min={1}
          max={100000}
          step={1}
          onChange={(steps) => {
            onChange({ steps });
          }}
        />
        <NumberField
          label="Batch size"
          value={batch}
          min={1}
          max={1024}
          step={1}
          onChange={(batch) => {
            onChange({ batch });
          }}
        />
      </div>
      <div class="pair">
        <Select
          label="Initialization"
          value={initializer}
          options={INITIALIZERS}
          onChange={(initializer) => {
            onChange({ initializer });
          }}
        />
        <NumberField
          label="Seed"
          value={seed}
          min={0}
          max={1e6}
          step={1}
          onChange={(seed) => {
            onChange({ seed });
          }}
        />
      </div>
      <RuleOptions rule={rule} text={settings.options} onChange={onChange} />
    </>
  );
}

function RuleOptions({
  rule,
  text,
  onChange,
}: {
  readonly rule: string;
  readonly text: string;
  readonly onChange: (changed: { readonly options: string }) => void;
}) {
  if (!Object.hasOwn(rules, rule)) return null;
  const given = readOptions(rule, text);
  const others = Object.entries(rules[rule].options).filter(([name]) => name !== 'learningRate');
  if (others.length === 0) return null;
  return (
    <details>
      <summary>Options of {rules[rule].title}</summary>
      {others.map(([name, normal]) => (
        <NumberField
          key={name}
          label={spelled(name)}
          value={given[name] ?? normal}
          onChange={(value) => {
            const changed = Object.entries({ ...given, [name]: value });
            onChange({
              options: writeOptions(
                Object.fromEntries(changed.filter(([key, number]) => number !== rules[rule].options[key])),
              ),
            });
          }}
        />
      ))}
    </details>
  );
}

/** `weightDecay` as words. */
function spelled(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function titles(
  choices: Readonly<Record<string, { readonly title: string }>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(choices).map(([name, { title }]) => [name, title]));
}
