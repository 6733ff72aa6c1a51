import type { Trajectory } from './trajectory.js';

/** A racer has arrived when this share of the way down, from the loss at the start to the lowest, is left. */
export const LEFT = 0.01;

/** The loss below which a racer has arrived. */
export function goal(startLoss: number, lowest: number): number {
  return lowest + LEFT * (startLoss - lowest);
}

/** The steps a racer took to a loss below the goal; undefined if it did not get there. */
export function arrival({ loss }: Trajectory, goal: number): number | undefined {
  const step = loss.findIndex((value) => value <= goal);
  return step === -1 ? undefined : step;
}

/** The first to arrive come first; those that have not arrived are left out. */
export function ranking(
  trajectories: Readonly<Record<string, Trajectory>>,
  goal: number,
): { readonly name: string; readonly steps: number }[] {
  return Object.entries(trajectories)
    .map(([name, trajectory]) => ({ name, steps: arrival(trajectory, goal) }))
    .filter((entry): entry is { name: string; steps: number } => entry.steps !== undefined)
    .sort((a, b) => a.steps - b.steps);
}
