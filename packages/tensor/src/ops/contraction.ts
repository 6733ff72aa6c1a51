import { promote, resultOf } from '../dtype.js';
import { ShapeError } from '../errors.js';
import { broadcastShapes, formatShape } from '../shape.js';
import type { TensorLike } from '../tensor.js';
import type { Tensor } from '../tensor.js';
import { asTensor, cast, mul } from './elementwise.js';
import { permute, reshape, squeeze, unsqueeze } from './movement.js';
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
  const [inner, other] = [rows.shape[rows.rank - 1], columns.shape[columns.rank - 2]];
  if (inner !== other) {
    throw new ShapeError(`matmul: shapes ${shapes} do not fit: rows of ${inner} meet columns of ${other}`);
  }
  broadcastShapes([rows.shape.slice(0, -2), columns.shape.slice(0, -2)], `matmul of ${shapes}`);
  // [..., m, 1, k] times [..., 1, n, k], summed over k: the lowering sees a contraction in it.
  const product = sumOfProducts([unsqueeze(rows, -2), unsqueeze(columns.transpose(), -3)], [-1]);
  return squeeze(product, [...(left.rank === 1 ? [-2] : []), ...(right.rank === 1 ? [-1] : [])]);
}

function sumOfProducts(factors: readonly Tensor[], axis: readonly number[]): Tensor {
  const dtype = resultOf('total', factors.map((factor) => factor.dtype).reduce(promote));
  return sum(factors.map((factor) => cast(factor, dtype)).reduce(mul), { axis });
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
        `einsum '${equation}': expected ${letters.length} axes for '${letters}', got ${formatShape(tensor.shape)}`,
      );
    }
    tensor.shape.forEach((extent, axis) => {
      const letter = letters[axis];
      const known = extents.get(letter) ?? extent;
      if (known !== extent) {
        throw new ShapeError(
          `einsum '${equation}': expected ${known} along axis '${letter}', got operand ${i} of ${formatShape(tensor.shape)}, where it is ${extent}`,
        );
      }
      extents.set(letter, extent);
    });
    return takeDiagonals(tensor, letters);
  });
  const order = [...new Set([...output, ...extents.keys()])];
  const factors = tensors.map(({ tensor, letters }) => {
    const present = order.filter((letter) => letters.includes(letter));
    const sorted = permute(
      tensor,
      present.map((letter) => letters.indexOf(letter)),
    );
    return reshape(
      sorted,
      order.map((letter) => (letters.includes(letter) ? (extents.get(letter) ?? 1) : 1)),
    );
  });
  return sumOfProducts(
    factors,
    order.flatMap((_, axis) => (axis < output.length ? [] : [axis])),
  );
}

function parseEquation(equation: string, count: number): { inputs: string[]; output: string } {
  const match = /^([a-zA-Z,]*)(?:->([a-zA-Z]*))?$/.exec(equation.replaceAll(' ', ''));
  if (match === null) {
    throw new ShapeError(`einsum: '${equation}' is not an equation such as 'ij,jk->ik'`);
  }
  const inputs = match[1].split(',');
  if (inputs.length !== count) {
    throw new ShapeError(`einsum '${equation}': expected ${inputs.length} operands, got ${count}`);
  }
  const letters = [...inputs.join('')];
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  const output = (match[2] as string | undefined) ?? once.sort().join('');
  const wrong = [...output].find((letter, i) => !letters.includes(letter) || output.indexOf(letter) !== i);
  if (wrong !== undefined) {
    throw new ShapeError(
      `einsum '${equation}': '${wrong}' in the result must occur in an operand, and only once there`,
    );
  }
  return { inputs, output };
}

/** A repeated letter: the diagonal, as a strided slice of the two axes flattened into one. */
function takeDiagonals(tensor: Tensor, letters: string): { tensor: Tensor; letters: string } {
  const second = [...letters].findIndex((letter, i) => letters.indexOf(letter) < i);
  if (second < 0) return { tensor, letters };
  const first = letters.indexOf(letters[second]);
  const rest = tensor.shape.flatMap((_, axis) => (axis === first || axis === second ? [] : [axis]));
  const extent = tensor.shape[first];
  const flat = reshape(permute(tensor, [first, second, ...rest]), [
    extent * extent,
    ...rest.map((axis) => tensor.shape[axis]),
  ]);
  const diagonal = flat.slice([0, undefined, extent + 1]);
  return takeDiagonals(diagonal, letters[first] + rest.map((axis) => letters[axis]).join(''));
}
