import type { Condition, Expression, IndexExpression, LoopStatement, Statement } from '@downhill/tensor';
import {
  axisIndex,
  coefficientOf,
  mapIndex,
  operandsOf,
  rewriteExpression,
  shiftIndex,
} from '@downhill/tensor';

/** A loop is cut into no more stretches than this. */
const MOST_STRETCHES = 4;

/**
 * A loop cut wherever a guard inside it begins or ceases to hold with its counter alone: in each stretch those guards are
 * decided, so that what is left may have a vector form. The loop itself where there are none, or too many.
 */
export function stretchesOf(loop: LoopStatement): LoopStatement[] {
  const { axis, extent, body } = loop;
  if (!body.every(isPlain)) return [loop];
  const cuts = new Set([0, extent]);
  for (const { index, lower, upper } of body.flatMap(conditionsIn)) {
    const step = coefficientOf(index, axis);
    if (step === undefined || step === 0 || index.terms.length > 1) continue;
    for (const end of [lower, upper]) {
      // Going up, the first place that reaches the end; going down, the first below it.
      const at = (end - index.offset) / step;
      const cut = step > 0 ? Math.ceil(at) : Math.floor(at) + 1;
      if (cut > 0 && cut < extent) cuts.add(cut);
    }
  }
  if (cuts.size - 1 > MOST_STRETCHES) return [loop];
  const ends = [...cuts].sort((a, b) => a - b);
  return ends.slice(1).map((end, i) => stretch(loop, ends[i], end));
}

function stretch(loop: LoopStatement, from: number, to: number): LoopStatement {
  if (to - from === loop.extent) return loop;
  const moved = new Map([[loop.axis, shiftIndex(axisIndex(loop.axis, to - from), from)]]);
  return { ...loop, extent: to - from, body: loop.body.map(replaceCounters(moved)) };
}

/** Puts other expressions for some counters into what statements load, compute and store. */
export function replaceCounters(
  moved: ReadonlyMap<number, IndexExpression>,
): <Kind extends Statement>(statement: Kind) => Kind {
  const memo = new Map<Expression, Expression>();
  const onValue = (value: Expression): Expression => rewriteExpression(value, moved, memo);
  return function onStatement<Kind extends Statement>(statement: Kind): Kind {
    return {
      ...statement,
      ...('index' in statement && { index: mapIndex(statement.index, moved, onValue) }),
      ...('value' in statement && { value: onValue(statement.value) }),
      ...('body' in statement && { body: statement.body.map(onStatement) }),
    };
  };
}

function isPlain(statement: Statement): boolean {
  if (statement.kind === 'loop') return statement.body.every(isPlain);
  return statement.kind === 'let' || statement.kind === 'store';
}

/** The conditions of all guards in plain statements. */
function conditionsIn(statement: Statement): readonly Condition[] {
  if (statement.kind === 'loop') return statement.body.flatMap(conditionsIn);
  return statement.kind === 'let' || statement.kind === 'store' ? conditionsOf(statement.value) : [];
}

function conditionsOf(expression: Expression): readonly Condition[] {
  const inside = operandsOf(expression).flatMap(conditionsOf);
  if (expression.kind !== 'guard') return inside;
  return [...expression.conditions, ...conditionsOf(expression.value), ...inside];
}
