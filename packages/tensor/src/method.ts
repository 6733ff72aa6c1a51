import type { Tensor } from './tensor.js';

/** What tensors and variables inherit: the operations that are methods too. */
export const methods: Record<string, (this: { asTensor(): Tensor }, ...rest: never[]) => Tensor> = {};

/** Makes a function of a tensor a method of it as well. */
export function method<Operation extends (x: Tensor, ...rest: never[]) => Tensor>(
  name: string,
  operation: Operation,
): Operation {
  methods[name] = function (...rest) {
    return operation(this.asTensor(), ...rest);
  };
  return operation;
}
