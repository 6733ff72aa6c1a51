import { cast, isFloating, Tensor, type DType, type Operation } from '@downhill/tensor';

/**
 * A graph, computed once more in float64 with other tensors in the place of some of its nodes. Only what depends on those
 * nodes is built anew, float32 becoming float64 there; everything else (data, labels, a dropout mask, whatever was drawn
 * for it) stays as it is, in its own dtype, and is cast where the two meet. So both graphs mean the same function, at the
 * same draws.
 */
export class Float64Graph {
  /** What stands in float64 for each node that depends on a replaced one. */
  readonly #built = new Map<Tensor, Tensor>();
  /** Nodes that depend on none. */
  readonly #independent = new Set<Tensor>();

  /** `replaced`: node → the float64 tensor that takes its place. All must belong to one trace. */
  constructor(replaced: Iterable<readonly [node: Tensor, by: Tensor]>) {
    for (const [node, by] of replaced) this.#built.set(node, by);
  }

  /** The node in float64; its dtype if that is no floating one. */
  build(root: Tensor): Tensor {
    const stack = [root];
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      if (this.#built.has(node) || this.#independent.has(node)) {
        stack.pop();
        continue;
      }
      // What was made before the trace is computed already.
      const inputs = node.inputs.filter((input) => input.trace === root.trace);
      const missing = inputs.filter((input) => !this.#built.has(input) && !this.#independent.has(input));
      if (missing.length > 0) stack.push(...missing);
      else if (inputs.some((input) => this.#built.has(input))) this.#built.set(node, this.#rebuild(node));
      else this.#independent.add(node);
    }
    return this.#standIn(root);
  }

  /** Whether what `build` has met depends on a replaced node. */
  depends(node: Tensor): boolean {
    return this.#built.has(node);
  }

  /** All nodes built so far, and what stands for them. */
  entries(): Iterable<[node: Tensor, by: Tensor]> {
    return this.#built;
  }

  #standIn(node: Tensor): Tensor {
    return this.#built.get(node) ?? cast(node, widened(node.dtype));
  }

  #rebuild(node: Tensor): Tensor {
    const { operation, shape } = node;
    const dtype = widened(node.dtype);
    const inputs = node.inputs.map((input) => this.#standIn(input));
    // A version that was assigned, and a cast that has become one of float64 to float64, only stand for their input.
    if (operation.name === 'version' || (operation.name === 'cast' && inputs[0].dtype === dtype)) {
      return inputs[0];
    }
    return new Tensor(this.#operationOf(node), inputs, shape, dtype);
  }

  /** A derivative of somebody's own was written for the old nodes: what it gives is built in float64 as well. */
  #operationOf({ operation, dtype }: Tensor): Operation {
    if (operation.name !== 'customGradient') return operation;
    return {
      name: 'customGradient',
      derivative: (gradient) => {
        const old = new Tensor({ name: 'cast' }, [gradient], gradient.shape, dtype);
        this.#built.set(old, gradient);
        return operation.derivative(old).map((each) => this.build(each));
      },
    };
  }
}

function widened(dtype: DType): DType {
  return isFloating(dtype) ? 'float64' : dtype;
}
