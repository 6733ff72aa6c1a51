import type { TensorLike } from '../tensor.js';
import { Tensor } from '../tensor.js';
import { asTensor, cast } from './elementwise.js';
import { expand } from './movement.js';

/** x itself, through which no gradient passes. */
export function stopGradient(x: TensorLike): Tensor {
  const input = asTensor(x, 'stopGradient');
  return new Tensor({ name: 'stopGradient' }, [input], input.shape, input.dtype, input.weak);
}

/**
 * x itself, if `condition` holds for all its elements (it broadcasts to x); else the call or reading that computes
 * it fails with a DataError of this message. The check runs with the program, so it costs no extra pass; in a
 * compiled step the variables have changed by the time it is noticed, and the error says so. Where an assigned value is
 * `where(x, new, old)` of the checked x, nothing has.
 */
export function check(x: TensorLike, condition: TensorLike, message: string): Tensor {
  const input = asTensor(x, 'check');
  const test = expand(cast(asTensor(condition, 'check'), 'bool'), input.shape);
  return new Tensor({ name: 'check', message }, [input, test], input.shape, input.dtype);
}
