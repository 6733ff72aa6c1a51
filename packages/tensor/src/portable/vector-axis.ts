import { operandsOf } from '../lowering/expression.js';
import type { IndexExpression } from '../lowering/index-expression.js';
import { coefficientOf } from '../lowering/index-expression.js';
import type { Expression, LoopAxis, Statement } from '../lowering/program.js';
import { BLOCK } from './lanes.js';

/** What starting a step costs, in elements. */
const STEP = 20;

/** All indices with which expressions load, those inside guards included. */
export function indicesOfExpressions(expressions: readonly Expression[]): IndexExpression[] {
  const seen = new Set<Expression>();
  const found: IndexExpression[] = [];
  const visit = (expression: Expression): void => {
    if (seen.has(expression)) return;
    seen.add(expression);
    if (expression.kind === 'load') found.push(expression.index);
    if (expression.kind === 'guard') visit(expression.value);
    operandsOf(expression).forEach(visit);
  };
  expressions.forEach(visit);
  return found;
}

/** All indices with which statements load and store, at any depth. */
export function indicesOf(statements: readonly Statement[]): IndexExpression[] {
  return statements.flatMap((statement) => {
    switch (statement.kind) {
      case 'loop':
        return indicesOf(statement.body);
      case 'scan':
        return [...indicesOfExpressions([statement.value]), ...indicesOf(statement.body)];
      case 'reduce':
        return indicesOfExpressions([statement.value, ...statement.body.map(({ value }) => value)]);
      case 'store':
      case 'accumulate':
        return [statement.index, ...indicesOfExpressions([statement.value])];
      case 'let':
        return indicesOfExpressions([statement.value]);
      case 'check':
        return indicesOfExpressions([statement.condition]);
      case 'argsort':
        return [statement.source.index, statement.target.index];
    }
  });
}

/** What an element costs, roughly, when `axis` is the vector axis: long blocks and neighbours in memory are cheap. */
export function vectorCost(indices: readonly IndexExpression[], { axis, extent }: LoopAxis): number {
  const perStep = STEP / Math.max(1, Math.min(extent, BLOCK));
  let cost = perStep;
  for (const index of indices) {
    const stride = coefficientOf(index, axis);
    cost += perStep + (stride === undefined ? 6 : stride === 0 ? 0.2 : stride === 1 ? 1 : 2);
  }
  return cost;
}

/** The cheapest of `axes` to have as the vector axis. */
export function cheapestAxis(indices: readonly IndexExpression[], axes: readonly LoopAxis[]): LoopAxis {
  const costs = axes.map((each) => vectorCost(indices, each));
  return axes[costs.indexOf(Math.min(...costs))];
}

/** What an element costs when no loop around `statements` is the vector axis, but loops and reductions in them are. */
export function innerCost(statements: readonly Statement[]): number {
  let cost = Infinity;
  for (const statement of statements) {
    if (statement.kind === 'loop') {
      const here = statement.parallel ? vectorCost(indicesOf(statement.body), statement) : Infinity;
      cost = Math.min(cost, here, innerCost(statement.body));
    } else if (statement.kind === 'reduce' && statement.axes.length > 0) {
      const indices = indicesOf([statement]);
      cost = Math.min(cost, vectorCost(indices, cheapestAxis(indices, statement.axes)));
    } else if (statement.kind === 'scan') {
      cost = Math.min(cost, innerCost(statement.body));
    }
  }
  return cost;
}
