import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { wrap, type Remote } from 'comlink';
import { useEffect, useMemo } from 'preact/hooks';
import { schedules } from '../../network/schedules.js';
import { Chart } from '../../parts/chart.js';
import { NumberField, Select } from '../../parts/fields.js';
import { Later } from '../../parts/later.js';
import { Playback } from '../../parts/playback.js';
import { RaceMap, type Run } from '../../parts/race-map.js';
import { shortNumber, Standings, type Entry } from '../../parts/standings.js';
import { goal as goalOf, LEFT, ranking } from '../../race/arrival.js';
import { useClock } from '../../race/clock.js';
import { FormulaError, parseFormula } from '../../race/formula.js';
import { parseSetups, racers, writeSetups, type RacerSetup } from '../../race/racers.js';
import { fairRate, regionOf, surfaces, typedSurface } from '../../race/surfaces.js';
import type { ContourMap } from '../../race/contour-map.js';
import type { Heights, Trajectory } from '../../race/trajectory.js';
import { useSettings } from '../../settings.js';
import type { RaceWorker } from './worker.js';

const TYPED = 'typed';

const DEFAULTS = {
  surface: 'bowl',
  formula: 'sin(2*x) * cos(2*y) + (x^2 + y^2) / 10',
  reach: 3,
  /** Two numbers; empty for where the surface has it. */
  start: '',
  racers: 'sgd, momentum, nesterov, adagrad, rmsprop, adam',
  /** See `parseSetups`. */
  options: '',
  steps: 150,
  speed: 15,
  seed: 0,
};

const NAMES = Object.keys(racers);
const MAX_STEPS = 2000;

/** A race as it was computed. */
interface Outcome {
  readonly trajectories: Readonly<Record<string, Trajectory>>;
  readonly lowest: number;
  readonly startLoss: number;
}

export default function Race() {
  const settings = useSettings(DEFAULTS);
  const map = useSignal<ContourMap | undefined>(undefined);
  const outcome = useSignal<Outcome | undefined>(undefined);
  const fault = useSignal<string | undefined>(undefined);
  const thread = useMemo(() => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }), []);
  const worker = useMemo<Remote<RaceWorker>>(() => wrap<RaceWorker>(thread), []);
  useEffect(
    () => () => {
      thread.terminate();
    },
    [],
  );

  const surface = useComputed(() => {
    const { surface: name, formula, reach } = settings.current.value;
    return Object.hasOwn(surfaces, name) ? surfaces[name] : typedSurface(formula, reach > 0 ? reach : 3);
  });
  const formulaFault = useComputed(() => faultOf(surface.value.formula));
  const region = useComputed(() => regionOf(surface.value));
  const start = useComputed(() => parseStart(settings.current.value.start) ?? surface.value.start);
  const steps = useComputed(() => Math.min(MAX_STEPS, Math.max(1, Math.round(settings.current.value.steps))));
  const speed = useComputed(() => Math.max(1, settings.current.value.speed));
  const chosen = useComputed(() => {
    const names = settings.current.value.racers.split(/[,\s]+/);
    return NAMES.filter((name) => names.includes(name));
  });
  const setups = useComputed(() => parseSetups(settings.current.value.options));
  const clock = useClock(steps, speed);

  // What the worker is asked, as text: signals would take equal arrays for new ones.
  const mapQuestion = useComputed(() => JSON.stringify([surface.value.formula, region.value]));
  const raceQuestion = useComputed(() => {
    const { formula, reach, rates, lowest } = surface.value;
    const entries = chosen.value.map((name) => [name, withFairRate(name, setups.value[name], rates)]);
    const seed = Math.max(0, Math.round(settings.current.value.seed));
    const course = { formula, start: start.value, steps: steps.value, seed, limit: 100 * reach };
    return JSON.stringify([course, entries, lowest ?? null]);
  });
  useSignalEffect(() => {
    const question = mapQuestion.value;
    if (formulaFault.value !== undefined) return;
    const [formula, shown] = JSON.parse(question) as Parameters<RaceWorker['map']>;
    worker.map(formula, shown).then(
      (made) => {
        if (mapQuestion.peek() === question) map.value = made;
      },
      (error: unknown) => {
        fault.value = String(error);
      },
    );
  });
  useSignalEffect(() => {
    const question = raceQuestion.value;
    const ground = map.value;
    if (formulaFault.value !== undefined || ground === undefined) return;
    const [course, entries, known] = JSON.parse(question) as [
      ...Parameters<RaceWorker['race']>,
      number | null,
    ];
    worker.race(course, entries).then(
      (trajectories) => {
        if (trajectories === undefined || raceQuestion.peek() !== question) return;
        fault.value = undefined;
        outcome.value = outcomeOf(trajectories, known ?? undefined, ground);
        clock.restart();
      },
      (error: unknown) => {
        fault.value = String(error);
      },
    );
  });

  const { surface: surfaceName, formula, reach, seed } = settings.current.value;
  const typed = !Object.hasOwn(surfaces, surfaceName);
  const results = outcome.value;
  const step = clock.step.value;
  const goal = results === undefined ? NaN : goalOf(results.startLoss, results.lowest);
  const entries = NAMES.map((name, place): Entry => {
    const learns = 'learningRate' in racers[name].options;
    const setup = withFairRate(name, setups.value[name], surface.value.rates);
    return {
      name,
      title: racers[name].title,
      place,
      on: chosen.value.includes(name),
      learningRate: learns ? setup.options.learningRate : undefined,
      trajectory: results?.trajectories[name],
    };
  });
  const runs = useMemo(
    () =>
      NAMES.flatMap((name, place): Run[] => {
        const trajectory = results?.trajectories[name];
        return trajectory === undefined ? [] : [{ name, title: racers[name].title, place, trajectory }];
      }),
    [results],
  );

  return (
    <div class="workbench">
      <section class="controls" aria-label="Settings">
        <Select
          label="Surface"
          value={typed ? TYPED : surfaceName}
          options={{
            ...Object.fromEntries(Object.entries(surfaces).map(([name, { title }]) => [name, title])),
            [TYPED]: 'A formula of your own',
          }}
          onChange={(surface) => {
            // Start and rates belong to the surface they were chosen for.
            settings.set({ surface, start: '', options: '' });
          }}
        />
        {typed ? (
          <>
            <FormulaField
              value={formula}
              fault={formulaFault.value}
              onChange={(formula) => {
                settings.set({ formula });
              }}
            />
            <NumberField
              label="How far the map goes, up and down"
              min={0.01}
              max={1000}
              value={reach}
              onChange={(reach) => {
                settings.set({ reach, start: '' });
              }}
            />
          </>
        ) : (
          <p class="formula">
            <code>{surface.value.formula}</code>
          </p>
        )}
        <div class="pair">
          {(['x', 'y'] as const).map((axis, i) => (
            <NumberField
              key={axis}
              label={`Start ${axis}`}
              value={start.value[i]}
              onChange={(value) => {
                settings.set({
                  start: (i === 0 ? [value, start.value[1]] : [start.value[0], value]).join(' '),
                });
              }}
            />
          ))}
        </div>
        <div class="pair">
          <NumberField
            label="Steps"
            min={1}
            max={MAX_STEPS}
            step={1}
            value={steps.value}
            onChange={(steps) => {
              settings.set({ steps });
            }}
          />
          <NumberField
            label="Seed of the noise"
            min={0}
            step={1}
            value={seed}
            onChange={(seed) => {
              settings.set({ seed });
            }}
          />
        </div>
        <Later>
          <RacerOptions
            setups={setups.value}
            rates={surface.value.rates}
            onChange={(setups) => {
              settings.set({ options: writeSetups(setups) });
            }}
          />
        </Later>
      </section>
      <section aria-label="Race">
        <p class="prose">
          Click anywhere on the map: from there every rule rolls down at once, by the gradients that it is
          shown. The cross marks the lowest point. A rule has arrived when {LEFT * 100} % of the way down is
          left; who needs the fewest steps for that wins.
        </p>
        <div class="race">
          <div>
            <RaceMap
              label={mapLabel(surface.value.title, start.value)}
              region={region.value}
              map={map.value}
              start={start.value}
              minima={surface.value.minima}
              runs={runs}
              step={step}
              onStart={(point) => {
                settings.set({ start: point.join(' ') });
              }}
            />
            <Playback
              clock={clock}
              last={steps.value}
              speed={speed.value}
              onSpeed={(speed) => {
                settings.set({ speed });
              }}
            />
            <p role="status" class="verdict">
              {results === undefined ? 'Computing the race.' : verdict(results, goal, step, steps.value)}
            </p>
            {fault.value === undefined ? null : <p role="alert">{fault.value}</p>}
          </div>
          <div>
            <div class="buttons">
              <button
                type="button"
                class="secondary outline"
                onClick={() => {
                  settings.set({ racers: NAMES.join(', ') });
                }}
              >
                All
              </button>
              <button
                type="button"
                class="secondary outline"
                onClick={() => {
                  settings.set({ racers: DEFAULTS.racers });
                }}
              >
                The lecture’s
              </button>
              <button
                type="button"
                class="secondary outline"
                onClick={() => {
                  settings.set({ racers: 'none' });
                }}
              >
                None
              </button>
            </div>
            <Later>
              <Standings
                entries={entries}
                step={step}
                goal={goal}
                onToggle={(name, on) => {
                  const names = NAMES.filter((each) => (each === name ? on : chosen.value.includes(each)));
                  settings.set({ racers: names.length === 0 ? 'none' : names.join(', ') });
                }}
              />
            </Later>
          </div>
        </div>
        <Later>
          <LossChart runs={runs} lowest={results?.lowest ?? 0} step={step} steps={steps.value} />
          <Notes />
        </Later>
      </section>
    </div>
  );
}

function FormulaField({
  value,
  fault,
  onChange,
}: {
  readonly value: string;
  readonly fault: FormulaError | undefined;
  readonly onChange: (formula: string) => void;
}) {
  return (
    <div class="field">
      <label for="formula">Loss, a formula of x and y</label>
      <input
        id="formula"
        type="text"
        spellcheck={false}
        autocomplete="off"
        value={value}
        aria-invalid={fault === undefined ? undefined : true}
        aria-describedby="formula-help"
        onInput={({ currentTarget }) => {
          onChange(currentTarget.value);
        }}
      />
      <div id="formula-help">
        {fault === undefined ? (
          <small>
            + − * / ^ ( ), sin cos exp log sqrt abs tanh, pow min max of two, pi, e; noise is a normal number
            drawn anew at each step.
          </small>
        ) : (
          <div role="alert" class="fault">
            <pre aria-hidden="true">
              {value.slice(Math.max(0, fault.index - 16), fault.index)}
              <mark>{value.slice(fault.index, fault.index + 1) || ' '}</mark>
              {value.slice(fault.index + 1, fault.index + 12)}
            </pre>
            {fault.message}
          </div>
        )}
      </div>
    </div>
  );
}

function RacerOptions({
  setups,
  rates,
  onChange,
}: {
  readonly setups: Readonly<Record<string, RacerSetup>>;
  readonly rates: Parameters<typeof fairRate>[1];
  readonly onChange: (setups: Readonly<Record<string, RacerSetup>>) => void;
}) {
  const shown = useSignal('momentum');
  const name = shown.value;
  const changed: RacerSetup = setups[name] ?? { options: {} };
  const values = { ...racers[name].options, ...withFairRate(name, changed, rates).options };
  const change = (setup: Partial<RacerSetup>): void => {
    onChange({ ...setups, [name]: { ...changed, ...setup } });
  };
  const adjustable = Object.entries(racers).filter(([, { options }]) => 'learningRate' in options);
  return (
    <details open>
      <summary>Options of a rule</summary>
      <Select
        label="Rule"
        value={name}
        options={Object.fromEntries(adjustable.map(([name, { title }]) => [name, title]))}
        onChange={(name) => {
          shown.value = name;
        }}
      />
      <div class="pair">
        {Object.entries(values).map(([option, value]) => (
          <NumberField
            key={`${name} ${option}`}
            label={spelledOut(option)}
            value={value}
            onChange={(value) => {
              change({ options: { ...changed.options, [option]: value } });
            }}
          />
        ))}
      </div>
      <Select
        label="Schedule of the learning rate"
        value={changed.schedule ?? 'constant'}
        options={Object.fromEntries(Object.entries(schedules).map(([name, { title }]) => [name, title]))}
        onChange={(schedule) => {
          change({ schedule });
        }}
      />
      <div class="buttons">
        <button
          type="button"
          class="secondary outline"
          disabled={Object.keys(setups).length === 0}
          onClick={() => {
            onChange({});
          }}
        >
          All as by default
        </button>
      </div>
    </details>
  );
}

function LossChart({
  runs,
  lowest,
  step,
  steps,
}: {
  readonly runs: readonly Run[];
  readonly lowest: number;
  readonly step: number;
  readonly steps: number;
}) {
  const x = useMemo(() => Array.from({ length: steps + 1 }, (_, i) => i), [steps]);
  const series = useMemo(
    () =>
      runs.map(({ title, place, trajectory: { loss } }) => ({
        label: title,
        style: place,
        values: x.map((i) => {
          const above = i <= step && i < loss.length ? loss[i] - lowest : NaN;
          // The axis is logarithmic; what diverges leaves it, and so does what is as good as at the bottom.
          return above > 1e-6 && above < 1e6 ? above : null;
        }),
      })),
    [runs, lowest, step, x],
  );
  return (
    <Chart
      caption="How far above the lowest loss each rule is."
      xLabel="step"
      yLabel="loss above the lowest"
      x={x}
      series={series}
      logarithmic
    />
  );
}

/** Why they move as they do. */
function Notes() {
  return (
    <section class="prose">
      <h2>Why they move as they do</h2>
      <dl>
        <dt>SGD zigzags</dt>
        <dd>
          The gradient points across the valley rather than along it. The rate must be small enough for the
          steep direction, where each step jumps to the other side, and is then far too small for the flat
          one. Give it 0.38 on the bowl, and it jumps all the way.
        </dd>
        <dt>Momentum overshoots</dt>
        <dd>
          It adds up what it is told: across the valley the terms cancel, along it they grow to ten steps at
          once. The ball that has rolled this far cannot stop at the bottom; it runs past and comes back.
        </dd>
        <dt>Nesterov curls around</dt>
        <dd>
          It takes the gradient where its velocity will carry it, so it brakes before the turn instead of
          after, and swings less.
        </dd>
        <dt>AdaGrad stops</dt>
        <dd>
          It divides by the square root of all squared gradients so far. That evens out steep and flat, so it
          goes straight, but the sum only ever grows and the steps shrink to nothing. RMSProp and Adam let old
          gradients fade, and go on.
        </dd>
        <dt>Newton and L-BFGS need few steps</dt>
        <dd>
          They know, or learn, how the surface curves, and search along each direction: a step costs several
          gradients. They break on noise, and refuse it.
        </dd>
      </dl>
      <p>
        Rules whose steps are of the same kind begin with the same rate here: one for SGD, Momentum and
        Nesterov, another for those that scale their gradients. A fifth of it goes to RMSProp, Lion and LAMB,
        whose first steps are longer. Change a rate and see how little it takes to make another rule win.
      </p>
    </section>
  );
}

function withFairRate(
  name: string,
  setup: RacerSetup | undefined,
  rates: Parameters<typeof fairRate>[1],
): RacerSetup {
  if (!('learningRate' in racers[name].options)) return { options: {} };
  const given = setup ?? { options: {} };
  return { ...given, options: { learningRate: fairRate(name, rates), ...given.options } };
}

function faultOf(formula: string): FormulaError | undefined {
  try {
    parseFormula(formula);
    return undefined;
  } catch (error) {
    if (error instanceof FormulaError) return error;
    throw error;
  }
}

function parseStart(text: string): readonly [number, number] | undefined {
  const numbers = text.trim().split(/\s+/).map(Number);
  return numbers.length === 2 && text.trim() !== '' && numbers.every(Number.isFinite)
    ? [numbers[0], numbers[1]]
    : undefined;
}

/** Where nobody knows the lowest loss, it is the lowest that was seen: on the map, or by a racer. */
function outcomeOf(
  trajectories: Readonly<Record<string, Trajectory>>,
  known: number | undefined,
  { values }: Heights,
): Outcome {
  const losses = Object.values(trajectories).map(({ loss }) => loss);
  const lowestOf = (lowest: number, value: number): number => (value < lowest ? value : lowest);
  const seen = [values, ...losses].map((each) => each.reduce(lowestOf, Infinity));
  return {
    trajectories,
    lowest: known ?? Math.max(-1e12, Math.min(...seen)),
    startLoss: losses.find(({ length }) => length > 0)?.[0] ?? NaN,
  };
}

function verdict({ trajectories }: Outcome, goal: number, step: number, steps: number): string {
  if (Object.keys(trajectories).length === 0) return 'Nobody races: choose a rule.';
  const arrived = ranking(trajectories, goal).filter(({ steps }) => steps <= step);
  if (arrived.length === 0) {
    return step >= steps ? `Nobody has arrived after ${steps} steps.` : 'Nobody has arrived yet.';
  }
  const best = arrived[0].steps;
  const winners = arrived.filter(({ steps }) => steps === best).map(({ name }) => racers[name].title);
  const others = arrived
    .slice(winners.length)
    .map(({ name, steps }) => `${racers[name].title} after ${steps}`);
  const first = `${winners.join(' and ')} ${winners.length > 1 ? 'win' : 'wins'}: below ${shortNumber(goal)} after ${best} ${best === 1 ? 'step' : 'steps'}.`;
  return others.length === 0 ? first : `${first} Then ${others.join(', ')}.`;
}

function mapLabel(title: string, [x, y]: readonly [number, number]): string {
  return `${title}: contours of the loss, deeper in colour where it is lower, with the trails of the rules from x = ${x}, y = ${y}. The table has their losses. The start can be typed too.`;
}

/** learningRate → Learning rate */
function spelledOut(option: string): string {
  const words = option.replace(/[A-Z]|\d+/g, (part) => ` ${part.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}
