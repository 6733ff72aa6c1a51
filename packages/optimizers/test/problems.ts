import { mul, stack, tensor, type Tensor, type Variable } from '@downhill/tensor';

/** Gradients by hand, so that these tests are about update rules and nothing else. */
export const gradientOf: Record<string, (x: Variable) => Tensor> = {
  quadratic: (x) => x.mul(tensor([1, 25, 4], { dtype: x.dtype })),
  rosenbrock: (x) => {
    const [a, b] = [x.value.slice(0), x.value.slice(1)];
    const wall = b.sub(a.square());
    return stack([a.mul(2).sub(2).sub(mul(a, wall).mul(400)), wall.mul(200)]);
  },
};
