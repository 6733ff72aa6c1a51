import { remembering } from '../remembering.js';
import { operandsOf, placeOf } from './expression.js';
import type { IndexExpression } from './index-expression.js';
import type { Expression, Statement } from './program.js';

/** One place where memory is loaded or stored. */
export interface Access {
  readonly buffer: number;
  readonly index: IndexExpression;
}

/** Visits every expression and every index in expressions once, those behind guards and inside computed indices included. */
export function walk(
  expressions: readonly Expression[],
  onExpression: (expression: Expression) => void,
  onIndex?: (index: IndexExpression) => void,
): void {
  const seen = new Set<Expression>();
  const visitIndex = (index: IndexExpression): void => {
    onIndex?.(index);
    for (const { atom } of index.terms) {
      if (atom.kind === 'value') visit(atom.value);
      else if (atom.kind !== 'axis') visitIndex(atom.index);
    }
  };
  const visit = (expression: Expression): void => {
    if (seen.has(expression)) return;
    seen.add(expression);
    onExpression(expression);
    if ('index' in expression) visitIndex(expression.index);
    else operandsOf(expression).forEach(visit);
    if (expression.kind !== 'guard') return;
    visit(expression.value);
    for (const { index } of expression.conditions) visitIndex(index);
  };
  expressions.forEach(visit);
}

/** Every load in expressions. */
export function loadsIn(expressions: readonly Expression[]): Access[] {
  const found: Access[] = [];
  walk(expressions, (expression) => {
    if (expression.kind === 'load') found.push(expression);
  });
  return found;
}

/** Those of one statement: looked for once, since whoever plans for a kernel asks again. */
const accessesOf = remembering((statement: Statement): readonly Access[] => {
  const own =
    'index' in statement
      ? [statement]
      : statement.kind === 'argsort'
        ? [statement.source, statement.target]
        : [];
  const values =
    'value' in statement ? [statement.value] : statement.kind === 'check' ? [statement.condition] : [];
  const loads = loadsIn([...values, ...own.map(({ index }) => placeOf(index))]);
  return [...own, ...loads, ...('body' in statement ? accessesIn(statement.body) : [])];
});

/** Every load and store in statements, at any depth. Statements that have been asked about must not change any more. */
export function accessesIn(statements: readonly Statement[]): Access[] {
  return statements.flatMap(accessesOf);
}
