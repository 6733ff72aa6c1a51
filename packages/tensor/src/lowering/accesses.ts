import { operandsOf, placeOf } from './expression.js';
import type { IndexExpression } from './index-expression.js';
import type { Expression, Statement } from './program.js';

/** One place where memory is loaded or stored. */
export interface Access {
  readonly buffer: number;
  readonly index: IndexExpression;
}

/** Every load in expressions, those behind guards and inside computed indices included. */
export function loadsIn(expressions: readonly Expression[]): Access[] {
  const seen = new Set<Expression>();
  const found: Access[] = [];
  const stack = [...expressions];
  for (let expression = stack.pop(); expression !== undefined; expression = stack.pop()) {
    if (seen.has(expression)) continue;
    seen.add(expression);
    if (expression.kind === 'load') found.push(expression);
    if (expression.kind === 'guard') {
      stack.push(expression.value, ...expression.conditions.map(({ index }) => placeOf(index)));
    }
    stack.push(...operandsOf(expression));
  }
  return found;
}

/** Every load and store in statements, at any depth. */
export function accessesIn(statements: readonly Statement[]): Access[] {
  return statements.flatMap((statement) => {
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
}
