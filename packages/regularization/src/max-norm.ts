import { DownhillError, div, greater, mul, sqrt, square, sum, where } from '@downhill/tensor';
import type { Module } from '@downhill/layers';
import { namedParameters, type ChoiceOptions } from './named-parameters.js';

/**
 * Shortens the weights into each unit (the rows of axis 0) to a norm of at most `limit`, in the parameters chosen by name.
 * Call it after each update; inside a compiled step it becomes part of the step. Srebro & Shraibman (2005), for dropout
 * Srivastava et al. (2014), section 5.1, where limits are 3 to 4.
 */
export function constrainMaxNorm(model: Module, limit: number, options?: ChoiceOptions): void {
  if (!(limit > 0)) throw new DownhillError(`constrainMaxNorm: expected a limit above 0, got ${limit}`);
  for (const parameter of namedParameters(model, options)) {
    const axis = parameter.shape.flatMap((_, each) => (each === 0 ? [] : [each]));
    const norm = sqrt(sum(square(parameter), { axis, keepDims: true }));
    parameter.assign(mul(parameter, where(greater(norm, limit), div(limit, norm), 1)));
  }
}
