import { promote, resultOf } from '../dtype.js';
import { ShapeError } from '../errors.js';
import { broadcastShapes, formatShape } from '../shape.js';
import type { TensorLike } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { asTensor, cast, mul } from './elementwise.js';
import { expand, permute, reshape, unsqueeze } from './movement.js';
import { sum } from './reduction.js';

/**
 * The matrix product of the last two axes, a of [..., m, k] and b of [..., k, n]; the axes in front broadcast.
 * A vector is a row on the left, a column on the right, and its axis goes from the result.
 */
export function matmul(a: TensorLike, b: TensorLike): Tensor {
  const left = asTensor(a, 'matmul');
  const right = asTensor(b, 'matmul');
  const shapes = `${formatShape(left.shape)} and ${formatShape(right.shape)}`;
  if (left.rank === 0 || right.rank === 0) {
    throw new ShapeError(`matmul: expected vectors or matrices, got shapes ${shapes}; use mul for scalars`);
  }
  const rows = left.rank === 1 ? unsqueeze(left, 0) : left;
  const columns = right.rank === 1 ? unsqueeze(right, 1) : right;
  const inner = rows.shape[rows.rank - 1];
  if (inner !== columns.shape[columns.rank - 2]) {
    throw new ShapeError(
      `matmul: shapes ${shapes} do not fit: the last axis of the first is ${inner}, ` +
        `the ${right.rank === 1 ? 'only' : 'second last'} axis of the second is ${columns.shape[columns.rank - 2]}; they must be equal`,
    );
  }
  broadcastShapes([rows.shape.slice(0, -2), columns.shape.slice(0, -2)], `matmul of ${shapes}`);
  // [..., m, 1, k] times [..., 1, n, k], summed over k: the lowering sees a contraction in it.
  const product = contract(unsqueeze(rows, -2), unsqueeze(columns.transpose(), -3));
  const last = product.rank;
  const shape = product.shape.filter(
    (_, axis) => !(left.rank === 1 && axis === last - 2) && !(right.rank === 1 && axis === last - 1),
  );
  return reshape(product, shape);
}

function contract(a: Tensor, b: Tensor): Tensor {
  const dtype = resultOf('total', promote(a.dtype, b.dtype));
  return sum(mul(cast(a, dtype), cast(b, dtype)), { axis: -1 });
}

/**
 * Sums of products by Einstein's convention: `einsum('bij,bjk->bik', a, b)`. Each letter is an axis; letters missing
 * from the result are summed over, letters that several operands share are multiplied. Without `->` the result has
 * the letters that occur once, in alphabetical order. A letter twice in one operand takes its diagonal.
 */
export function einsum(equation: string, ...operands: readonly TensorLike[]): Tensor {
  const { inputs, output } = parseEquation(equation, operands.length);
  const extents = new Map<string, number>();
  const tensors = operands.map((operand, i) => {
    const tensor = asTensor(operand, 'einsum');
    const letters = inputs[i];
    if (letters.length !== tensor.rank) {
      throw new ShapeError(
        `einsum '${equation}': operand ${i} has shape ${formatShape(tensor.shape)}, but '${letters}' names ${letters.length} axes`,
      );
    }
    [...letters].forEach((letter, axis) => {
      const known = extents.get(letter);
      if (known !== undefined && known !== tensor.shape[axis]) {
        throw new ShapeError(
          `einsum '${equation}': axis '${letter}' is ${known} in one place and ${tensor.shape[axis]} in operand ${i} of ${formatShape(tensor.shape)}`,
        );
      }
      extents.set(letter, tensor.shape[axis]);
    });
    return takeDiagonals(tensor, letters);
  });
  const summed = [...extents.keys()].filter((letter) => !output.includes(letter));
  const order = [...output, ...summed];
  const shape = order.map((letter) => extents.get(letter) ?? 1);
  const dtype = resultOf('total', tensors.map(({ tensor }) => tensor.dtype).reduce(promote));
  const aligned = tensors.map(({ tensor, letters }) => {
    const present = order.filter((letter) => letters.includes(letter));
    const sorted = permute(
      cast(tensor, dtype),
      present.map((letter) => letters.indexOf(letter)),
    );
    return reshape(
      sorted,
      order.map((letter) => (letters.includes(letter) ? (extents.get(letter) ?? 1) : 1)),
    );
  });
  const product = expand(
    aligned.reduce((a, b) => mul(a, b)),
    shape,
  );
  return summed.length === 0 ? product : sum(product, { axis: summed.map((_, i) => output.length + i) });
}

function parseEquation(equation: string, count: number): { inputs: string[]; output: string } {
  const match = /^([a-zA-Z]*(?:,[a-zA-Z]*)*)(?:->([a-zA-Z]*))?$/.exec(equation.replaceAll(' ', ''));
  if (match === null) {
    throw new ShapeError(`einsum: '${equation}' is not an equation such as 'ij,jk->ik'`);
  }
  const inputs = match[1].split(',');
  if (inputs.length !== count) {
    throw new ShapeError(`einsum '${equation}': ${inputs.length} operands are named, ${count} were given`);
  }
  const letters = [...inputs.join('')];
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  const output = (match[2] as string | undefined) ?? once.sort().join('');
  const wrong = [...output].find((letter, i) => !letters.includes(letter) || output.indexOf(letter) !== i);
  if (wrong !== undefined) {
    throw new ShapeError(
      `einsum '${equation}': '${wrong}' in the result must occur in an operand, and once in the result`,
    );
  }
  return { inputs, output };
}

/** A repeated letter: the diagonal, as a strided slice of the two axes flattened into one. */
function takeDiagonals(tensor: Tensor, letters: string): { tensor: Tensor; letters: string } {
  const second = [...letters].findIndex((letter, i) => letters.indexOf(letter) < i);
  if (second < 0) return { tensor, letters };
  const first = letters.indexOf(letters[second]);
  const rest = letters.split('').flatMap((_, axis) => (axis === first || axis === second ? [] : [axis]));
  const extent = tensor.shape[first];
  const flat = reshape(permute(tensor, [first, second, ...rest]), [
    extent * extent,
    ...rest.map((axis) => tensor.shape[axis]),
  ]);
  const diagonal = flat.slice([0, undefined, extent + 1]);
  return takeDiagonals(diagonal, letters[first] + rest.map((axis) => letters[axis]).join(''));
}
