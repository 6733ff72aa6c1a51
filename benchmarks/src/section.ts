import { titleOf } from './contender.js';
import { type Figures } from './figures.js';
import { type Machine } from './machine.js';
import { type Bar, type Work } from './work.js';

/** What one part of a run found, as it is printed, stored and drawn. */
export interface Section {
  readonly name: string;
  readonly description: string;
  readonly machine?: Machine;
  readonly rows: readonly Row[];
  readonly bars: readonly BarResult[];
}

export interface Row {
  readonly title: string;
  readonly value?: number;
  readonly unit: string;
  /** How many times our speed is this one's; ours is the better of our thread counts. */
  readonly oursFaster?: number;
  readonly remark?: string;
}

export interface BarResult {
  readonly goal: string;
  readonly unit: string;
  readonly measured?: number;
  /** What `measured` must be at least, or at most. */
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly held?: boolean;
}

export function sectionOf(work: Work, figures: Figures): Section {
  const { name, description, unit, bars } = work;
  const { machine, outcomes } = figures;
  const ours = figures.best('downhill wasm');
  const rows = outcomes.map(({ name, seconds, fromRuns, remark }): Row => {
    const title = titleOf(name);
    if (seconds === undefined) return { title, unit: unit.name, remark };
    const remarks = [
      ...(fromRuns === undefined ? [] : [`from ${fromRuns} ${fromRuns === 1 ? 'run' : 'runs'}`]),
      ...(remark === undefined ? [] : [remark]),
    ];
    return {
      title,
      value: unit.of(seconds),
      unit: unit.name,
      oursFaster: ours === undefined ? undefined : seconds / ours,
      remark: remarks.length === 0 ? undefined : remarks.join('; '),
    };
  });
  return { name, description, machine, rows, bars: bars.map((bar) => judge(bar, figures)) };
}

export function judge({ goal, unit, measured, ...limits }: Bar, figures: Figures): BarResult {
  const value = measured(figures);
  const [atLeast, atMost] = [limits.atLeast?.(figures), limits.atMost?.(figures)];
  if (value === undefined) return { goal, unit, atLeast, atMost };
  return {
    goal,
    unit,
    measured: value,
    atLeast,
    atMost,
    held: value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity),
  };
}
