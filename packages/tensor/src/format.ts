import { evaluate } from './evaluate.js';
import { formatShape } from './shape.js';
import type { Tensor } from './tensor.js';

/** Axes longer than this are shown by their ends. */
const SHORT = 7;

/** `tensor float32 [2, 2] [[1, 2], [3, 4]]`: long axes shortened, digits as many as a float32 holds. */
export function formatTensor(tensor: Tensor): string {
  const head = `tensor ${tensor.dtype} ${formatShape(tensor.shape)}`;
  if (tensor.trace && !tensor.value) {
    return `${head} (${tensor.operation.name}, being traced)`;
  }
  const values = evaluate(tensor);
  const { shape, dtype } = tensor;
  const show = (axis: number, offset: number, step: number): string => {
    if (axis === shape.length) return formatNumber(values[offset], dtype);
    const extent = shape[axis];
    const inner = extent === 0 ? 0 : step / extent;
    const item = (i: number): string => show(axis + 1, offset + i * inner, inner);
    const short = extent > SHORT;
    const shown = Array.from({ length: short ? 3 : extent }, (_, i) => item(i));
    if (short) shown.push('...', ...[3, 2, 1].map((i) => item(extent - i)));
    return `[${shown.join(', ')}]`;
  };
  return `${head} ${show(0, 0, values.length)}`;
}

function formatNumber(value: number, dtype: string): string {
  if (dtype === 'bool') return value === 0 ? 'false' : 'true';
  return Number.isInteger(value)
    ? String(value)
    : String(Number(value.toPrecision(dtype === 'float64' ? 12 : 6)));
}
