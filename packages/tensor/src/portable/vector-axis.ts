import type { Access } from '../lowering/accesses.js';
import { accessesIn } from '../lowering/accesses.js';
import { coefficientOf } from '../lowering/index-expression.js';
import type { LoopAxis, Statement } from '../lowering/program.js';
import { BLOCK } from './lanes.js';

/** What starting a step costs, in elements. */
const STEP = 20;

/** What an element costs, roughly, when `axis` is the vector axis: long blocks and neighbours in memory are cheap. */
export function vectorCost(accesses: readonly Access[], { axis, extent }: LoopAxis): number {
  const perStep = STEP / Math.max(1, Math.min(extent, BLOCK));
  let cost = perStep;
  for (const { index } of accesses) {
    const stride = coefficientOf(index, axis);
    cost += perStep + (stride === undefined ? 6 : stride === 0 ? 0.2 : stride === 1 ? 1 : 2);
  }
  return cost;
}

/** The cheapest of `axes` to have as the vector axis. */
export function cheapestAxis(accesses: readonly Access[], axes: readonly LoopAxis[]): LoopAxis {
  const costs = axes.map((each) => vectorCost(accesses, each));
  return axes[costs.indexOf(Math.min(...costs))];
}

/** What an element costs when no loop around `statements` is the vector axis, but loops and reductions in them are. */
export function innerCost(statements: readonly Statement[]): number {
  let cost = Infinity;
  for (const statement of statements) {
    if (statement.kind === 'loop') {
      const here = statement.parallel ? vectorCost(accessesIn(statement.body), statement) : Infinity;
      cost = Math.min(cost, here, innerCost(statement.body));
    } else if (statement.kind === 'reduce' && statement.axes.length > 0) {
      const accesses = accessesIn([statement]);
      cost = Math.min(cost, vectorCost(accesses, cheapestAxis(accesses, statement.axes)));
    } else if (statement.kind === 'scan') {
      cost = Math.min(cost, innerCost(statement.body));
    }
  }
  return cost;
}
