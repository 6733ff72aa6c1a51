import { useComputed, useSignal, useSignalEffect } from '@preact/signals';
import { proxy } from 'comlink';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Chart, type Series } from '../../parts/chart.js';
import { NumberField, Select } from '../../parts/fields.js';
import { Later } from '../../parts/later.js';
import { Playback } from '../../parts/playback.js';
import { RaceMap, type Run } from '../../parts/race-map.js';
import { Standings, type Entry } from '../../parts/standings.js';
import { useWorker } from '../../parts/use-worker.js';
import { goal as goalOf } from '../../race/arrival.js';
import { useClock } from '../../race/clock.js';
import { racers, type RacerSetup } from '../../race/racers.js';
import { fairRate, regionOf, surfaces } from '../../race/surfaces.js';
import type { ContourMap } from '../../race/contour-map.js';
import type { Course, Trajectory } from '../../race/trajectory.js';
import { useSettings } from '../../settings.js';
import type { RaceWorker } from '../race/worker.js';
import type { Checked, CheckerWorker, Problem } from './checker-worker.js';
import { EditorLater } from './editor-later.js';
import { examples } from './examples.js';
import { TRAINING } from './jobs.js';
import { raceTyped, SandboxError, trainTyped } from './sandbox.js';
import type { TrainingWorker } from './training-worker.js';

const DEFAULTS = {
  example: 'brake',
  /** The rule as it was typed; empty for the example as it is. */
  code: '',
  surface: 'bowl',
  /** Two numbers; empty for where the surface has it. */
  start: '',
  /** Of the typed rule; 0 for its own. */
  raceRate: 0,
  trainingRate: 0,
  speed: 15,
};

const STEPS = 150;
const OWN = 'own';
/** Far from the colours of those it is compared with. */
const OWN_PLACE = 7;
/** Whom the typed rule meets in the race, and in training: there with these rates. */
const OPPONENTS = ['sgd', 'momentum', 'nesterov', 'adam'];
const TRAINED: Readonly<Record<string, number>> = { sgd: 0.1, momentum: 0.03, adam: 0.003 };

const RACERS = Object.keys(racers);

/** Milliseconds after the last key before a text is checked. */
const REST = 300;

export default function OwnOptimizer() {
  const settings = useSettings(DEFAULTS);
  const racing = useWorker<RaceWorker>(
    () => new Worker(new URL('../race/worker.js', import.meta.url), { type: 'module' }),
  );
  const checking = useWorker<CheckerWorker>(
    () => new Worker(new URL('./checker-worker.js', import.meta.url), { type: 'module' }),
  );
  const training = useWorker<TrainingWorker>(
    () => new Worker(new URL('./training-worker.js', import.meta.url), { type: 'module' }),
  );

  const example = useComputed(() => {
    const { example: name } = settings.current.value;
    return Object.hasOwn(examples, name) ? name : DEFAULTS.example;
  });
  const text = useComputed(() => settings.current.value.code || examples[example.value].text);
  const checked = useSignal<(Checked & { readonly text: string }) | undefined>(undefined);
  /** What went wrong as it ran. */
  const fault = useSignal<Problem | undefined>(undefined);
  const notice = useSignal('');
  const running = useSignal<'race' | 'training' | undefined>(undefined);
  const job = useRef(new AbortController());
  useEffect(
    () => () => {
      job.current.abort();
    },
    [],
  );

  useSignalEffect(() => {
    const current = text.value;
    fault.value = undefined;
    const timer = setTimeout(
      () => {
        checking.check(current).then(
          (result) => {
            if (text.peek() === current) checked.value = { ...result, text: current };
          },
          (error: unknown) => {
            notice.value = `The rule cannot be checked: ${String(error)}`;
          },
        );
      },
      checked.peek() === undefined ? 0 : REST,
    );
    return () => {
      clearTimeout(timer);
    };
  });

  const surface = useComputed(() => {
    const { surface: name } = settings.current.value;
    return surfaces[Object.hasOwn(surfaces, name) ? name : DEFAULTS.surface];
  });
  const region = useComputed(() => regionOf(surface.value));
  const start = useComputed((): readonly [number, number] => {
    const [x, y] = settings.current.value.start.split(' ').map(Number);
    return settings.current.value.start !== '' && Number.isFinite(x) && Number.isFinite(y)
      ? [x, y]
      : surface.value.start;
  });
  const map = useSignal<ContourMap | undefined>(undefined);
  const trajectories = useSignal<Readonly<Record<string, Trajectory>>>({});
  useSignalEffect(() => {
    const { formula } = surface.value;
    void racing.map(formula, region.value).then((made) => {
      if (surface.peek().formula === formula) map.value = made;
    });
  });
  // Another surface or start: what has been computed is for where it was.
  useSignalEffect(() => {
    void [surface.value, start.value[0], start.value[1]];
    trajectories.value = {};
  });
  const losses = useSignal<Readonly<Record<string, readonly number[]>>>({});
  const clock = useClock(
    useComputed(() => STEPS),
    useComputed(() => Math.max(1, settings.current.value.speed)),
  );

  /** Runs a job with the rule as it stands, and tells how it went. */
  const run = async (
    kind: 'race' | 'training',
    work: (script: string, signal: AbortSignal) => Promise<string>,
  ): Promise<void> => {
    const rule = checked.peek();
    if (rule?.script === undefined || rule.text !== text.peek()) return;
    job.current.abort();
    const own = new AbortController();
    job.current = own;
    running.value = kind;
    fault.value = undefined;
    notice.value = kind === 'race' ? 'Racing.' : 'Training.';
    try {
      notice.value = await work(rule.script, own.signal);
    } catch (error) {
      if (job.current !== own) return;
      notice.value = kind === 'race' ? 'The race did not take place.' : 'The training broke off.';
      fault.value = problemOf(error, rule);
    } finally {
      if (job.current === own) running.value = undefined;
    }
  };

  const race = (): Promise<void> =>
    run('race', async (script, signal) => {
      const { formula, rates, reach } = surface.peek();
      const course: Course = { formula, start: start.peek(), steps: STEPS, seed: 0, limit: 100 * reach };
      const entries = OPPONENTS.map((name): [string, RacerSetup] => [
        name,
        { options: { learningRate: fairRate(name, rates) } },
      ]);
      const learningRate = settings.current.peek().raceRate || undefined;
      const [others, own] = await Promise.all([
        racing.race(course, entries),
        raceTyped({ kind: 'race', script, learningRate, course }, signal),
      ]);
      trajectories.value = { ...others, [OWN]: own };
      clock.restart();
      return 'The race is computed.';
    });

  const train = (): Promise<void> =>
    run('training', async (script, signal) => {
      const folder = document.baseURI;
      const learningRate = settings.current.peek().trainingRate || undefined;
      const add = (name: string, more: readonly number[]): void => {
        if (signal.aborted) return;
        losses.value = { ...losses.peek(), [name]: [...(losses.peek()[name] ?? []), ...more] };
      };
      losses.value = {};
      const digits = await training.examples(folder);
      const options = { ...TRAINING, rule: 'sgd', learningRate: 0 };
      await trainTyped(
        { kind: 'training', script, learningRate, options, examples: digits },
        signal,
        (more) => {
          add(OWN, more);
        },
      );
      for (const [rule, rate] of Object.entries(TRAINED)) {
        signal.throwIfAborted();
        await training.train(
          folder,
          { ...TRAINING, rule, learningRate: rate },
          proxy((more) => {
            add(rule, more);
          }),
        );
      }
      return 'All are trained.';
    });

  const problems = useComputed(() => {
    const found = checked.value?.text === text.value ? checked.value.problems : [];
    return fault.value === undefined ? found : [...found, fault.value];
  });
  const { surface: surfaceName, speed, raceRate, trainingRate } = settings.current.value;
  const ready = checked.value?.script !== undefined && checked.value.text === text.value;
  const results = trajectories.value;
  const startLoss = results[OWN]?.loss[0] ?? NaN;
  const entries = [...OPPONENTS, OWN]
    .filter((name) => name in results)
    .map((name): Entry => ({
      name,
      title: name === OWN ? 'Yours' : racers[name].title,
      place: placeOf(name),
      on: true,
      learningRate: name === OWN ? raceRate || undefined : fairRate(name, surface.value.rates),
      trajectory: results[name],
    }));
  const runs = useMemo(
    () =>
      Object.entries(results).map(([name, trajectory]): Run => ({
        name,
        title: name,
        place: placeOf(name),
        trajectory,
      })),
    [results],
  );

  return (
    <>
      <p class="prose">
        An update rule says where a parameter goes next, given its gradient and what was kept from earlier
        steps. Write one, let it race against the built-in rules, and let it train a small network on
        handwritten digits. It is checked as you type; it runs in a frame of its own that can reach neither
        this page nor the network.
      </p>
      <div class="own">
        <section aria-label="Rule">
          <Select
            label="Begin with"
            value={example.value}
            options={Object.fromEntries(Object.entries(examples).map(([name, { title }]) => [name, title]))}
            onChange={(example) => {
              settings.set({ example, code: '' });
            }}
          />
          <EditorLater
            label="The rule, in TypeScript"
            text={text.value}
            problems={problems.value}
            onChange={(typed) => {
              if (typed !== text.peek()) settings.set({ code: typed });
            }}
          />
          <Problems text={text.value} problems={problems.value} checked={ready} />
        </section>
        <section aria-label="Race and training">
          <div class="buttons">
            <button
              type="button"
              disabled={!ready}
              aria-busy={running.value === 'race'}
              onClick={() => void race()}
            >
              Race
            </button>
            <button
              type="button"
              disabled={!ready}
              aria-busy={running.value === 'training'}
              onClick={() => void train()}
            >
              Train
            </button>
            <button
              type="button"
              class="secondary"
              disabled={running.value === undefined}
              onClick={() => {
                job.current.abort();
              }}
            >
              Stop
            </button>
          </div>
          <p role="status">{notice.value}</p>
          <div class="pair">
            <Select
              label="Surface of the race"
              value={surfaceName}
              options={Object.fromEntries(Object.entries(surfaces).map(([name, { title }]) => [name, title]))}
              onChange={(surface) => {
                settings.set({ surface, start: '' });
              }}
            />
            <span />
            <NumberField
              label="Rate in the race (0: your default)"
              min={0}
              value={raceRate}
              onChange={(raceRate) => {
                settings.set({ raceRate });
              }}
            />
            <NumberField
              label="Rate in training (0: your default)"
              min={0}
              value={trainingRate}
              onChange={(trainingRate) => {
                settings.set({ trainingRate });
              }}
            />
          </div>
          <Later>
            <RaceMap
              label={`${surface.value.title}: contours of the loss, with the trails of your rule and of ${OPPONENTS.map((name) => racers[name].title).join(', ')}. The table has their losses.`}
              region={region.value}
              map={map.value}
              start={start.value}
              minima={surface.value.minima}
              runs={runs}
              step={clock.step.value}
              onStart={(point) => {
                settings.set({ start: point.join(' ') });
              }}
            />
          </Later>
          {entries.length === 0 ? (
            <p>
              <small>Race shows the trails here; a click on the map chooses the start.</small>
            </p>
          ) : (
            <>
              <Playback
                clock={clock}
                last={STEPS}
                speed={speed}
                onSpeed={(speed) => {
                  settings.set({ speed });
                }}
              />
              <Standings
                entries={entries}
                step={clock.step.value}
                goal={goalOf(startLoss, surface.value.lowest ?? NaN)}
              />
            </>
          )}
        </section>
      </div>
      <Later>
        <Losses losses={losses.value} />
      </Later>
    </>
  );
}

function placeOf(name: string): number {
  return name === OWN ? OWN_PLACE : RACERS.indexOf(name);
}

/** What is wrong, line by line, also for those who do not see the marks in the editor. */
function Problems({
  text,
  problems,
  checked,
}: {
  readonly text: string;
  readonly problems: readonly Problem[];
  readonly checked: boolean;
}) {
  if (problems.length === 0) {
    return <p class="check">{checked ? 'The types agree.' : 'Checking.'}</p>;
  }
  return (
    <div class="check fault" role="alert">
      <ul>
        {problems.map(({ from, message }) => (
          <li key={`${from} ${message}`}>
            Line {lineAt(text, from)}: {message}
          </li>
        ))}
      </ul>
    </div>
  );
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** An error at the line of the text that it came from; at the first, if nobody knows. */
function problemOf(error: unknown, { text, lines }: { text: string; lines: readonly number[] }): Problem {
  const message = error instanceof Error ? error.message : String(error);
  const place = error instanceof SandboxError ? error.place : undefined;
  const line = place === undefined ? 1 : (lines[place[0] - 1] ?? 1);
  const rows = text.split('\n');
  const from = rows.slice(0, line - 1).reduce((sum, row) => sum + row.length + 1, 0);
  return { from, to: from + (rows.at(line - 1)?.length ?? 0), message };
}

/** Losses of single batches jump about: each point is the mean of this many. */
const MEAN = 10;

function Losses({ losses }: { readonly losses: Readonly<Record<string, readonly number[]>> }) {
  const names = [OWN, ...Object.keys(TRAINED)];
  const [x, series] = useMemo(() => {
    const places = Array.from({ length: TRAINING.steps / MEAN }, (_, i) => (i + 1) * MEAN);
    const curves = names.map((name): Series => ({
      label: name === OWN ? 'yours' : `${racers[name].title} at ${TRAINED[name]}`,
      style: placeOf(name),
      values: places.map((end) => {
        const batch = (losses[name] ?? []).slice(end - MEAN, end);
        const mean = batch.reduce((a, b) => a + b, 0) / MEAN;
        return batch.length === MEAN && Number.isFinite(mean) ? mean : null;
      }),
    }));
    return [places, curves] as const;
  }, [losses]);
  return (
    <section aria-label="Training">
      <h2>Training on digits</h2>
      <Chart
        caption={`Loss of a network with 32 hidden units, the mean of ${MEAN} batches of ${TRAINING.batchSize} digits; all begin with the same weights and see the same batches.`}
        xLabel="step"
        yLabel="cross-entropy"
        x={x}
        series={series}
      />
    </section>
  );
}
