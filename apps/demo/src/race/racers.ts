import type { MinimizeMethod } from '@downhill/optimizers';
import { rules } from '../network/rules.js';
import { schedules } from '../network/schedules.js';
import { refused, runMinimize, runRule, type Course, type Trajectory } from './trajectory.js';

/** Who can race: an update rule, or a method of second order. */
export interface Racer {
  readonly title: string;
  /** Its numbers, and what they are by default; none for those that find their step length themselves. */
  readonly options: Readonly<Record<string, number>>;
  readonly run: (setup: RacerSetup, course: Course) => Trajectory | Promise<Trajectory>;
}

/** The options of a racer that are not as by default. */
export interface RacerSetup {
  readonly options: Readonly<Record<string, number>>;
  /** One of `schedules`; constant where it is left out. */
  readonly schedule?: string;
}

const secondOrder = (title: string, method: MinimizeMethod): Racer => ({
  title,
  options: {},
  run: (_, course) => runMinimize(method, course),
});

/** All racers, by name. Their places in this list give them their colours. */
export const racers: Readonly<Record<string, Racer>> = {
  ...Object.fromEntries(
    Object.entries(rules).map(([name, { title, options, make }]): [string, Racer] => [
      name,
      {
        title,
        options,
        run: (setup, course) => {
          const { learningRate = options.learningRate, ...others } = setup.options;
          const schedule = schedules[setup.schedule ?? 'constant'].make(learningRate, course.steps);
          return runRule(make({ ...others, learningRate: schedule }), course);
        },
      },
    ]),
  ),
  newton: secondOrder('Newton', 'newton'),
  lbfgs: secondOrder('L-BFGS', 'lbfgs'),
};

/** Runs a racer over a course; what stops it from running is told in its trajectory. */
export async function race(name: string, setup: RacerSetup, course: Course): Promise<Trajectory> {
  try {
    return await racers[name].run(setup, course);
  } catch (error) {
    return refused(error);
  }
}

/**
 * Options of racers as they stand in a link: `adam learningRate 0.1 beta1 0.8 schedule cosine, sgd learningRate 0.01`. What
 * there is not is left out.
 */
export function parseSetups(text: string): Record<string, RacerSetup> {
  const setups: Record<string, RacerSetup> = {};
  for (const part of text.split(',')) {
    const [name, ...words] = part.trim().split(/\s+/);
    if (!Object.hasOwn(racers, name)) continue;
    const options: Record<string, number> = {};
    let schedule: string | undefined;
    for (let i = 0; i + 1 < words.length; i += 2) {
      const [option, value] = [words[i], words[i + 1]];
      if (option === 'schedule' && Object.hasOwn(schedules, value)) schedule = value;
      if (Object.hasOwn(racers[name].options, option) && Number.isFinite(Number(value))) {
        options[option] = Number(value);
      }
    }
    setups[name] = schedule === undefined ? { options } : { options, schedule };
  }
  return setups;
}

/** The text that {@link parseSetups} reads. */
export function writeSetups(setups: Readonly<Record<string, RacerSetup>>): string {
  return Object.entries(setups)
    .map(([name, { options, schedule }]) => {
      const pairs = Object.entries(options).map(([option, value]) => `${option} ${value}`);
      if (schedule !== undefined && schedule !== 'constant') pairs.push(`schedule ${schedule}`);
      return pairs.length === 0 ? '' : [name, ...pairs].join(' ');
    })
    .filter((part) => part !== '')
    .join(', ');
}
