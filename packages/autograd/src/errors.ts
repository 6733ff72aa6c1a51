import { DownhillError } from '@downhill/tensor';

/** A gradient that does not exist or is ambiguous. The message names the tensor or variable. */
export class GradientError extends DownhillError {
  override readonly name = 'GradientError';
}
