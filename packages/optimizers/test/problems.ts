import { gradients } from '@downhill/autograd';
import { mul, stack, sub, tensor, type Tensor, type Variable } from '@downhill/tensor';

/** The bowl and the valley of golden/make.py, with gradients by hand: these tests are about update rules. */
function quadratic([x]: readonly Variable[]): Tensor[] {
  return [x.mul(tensor([1, 25, 4], { dtype: x.dtype }))];
}

function rosenbrock([x]: readonly Variable[]): Tensor[] {
  const flat = x.reshape([2]);
  const [a, b] = [flat.slice(0), flat.slice(1)];
  const wall = b.sub(a.square());
  return [stack([a.mul(2).sub(2).sub(mul(a, wall).mul(400)), wall.mul(200)]).reshape(x.shape)];
}

/** The numbers of golden/make.py that start a parameter of this many elements. */
function waves(count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.round(Math.sin(1.7 * i + count) * 1e4) / 1e4);
}

function network(parameters: readonly Variable[]): Tensor[] {
  const { dtype } = parameters[0];
  const constant = (shape: number[], values: number[]): Tensor => tensor(values, { shape, dtype });
  const inputs = constant(
    [5, 3],
    Array.from({ length: 15 }, (_, i) => Math.sin(i)),
  );
  const targets = constant(
    [5, 2],
    Array.from({ length: 10 }, (_, i) => Math.cos(i)),
  );
  const [weight, bias, output] =
    parameters.length === 3 ? parameters : [parameters[0], constant([4], waves(4)), parameters[1]];
  const hidden = inputs.matmul(weight.transpose()).add(bias).tanh();
  const loss = sub(hidden.matmul(output.transpose()), targets).square().mean();
  return gradients(loss, parameters);
}

/** The gradients of golden/make.py's problems, by name. */
export const gradientsOf: Record<string, (parameters: readonly Variable[]) => Tensor[]> = {
  quadratic,
  rosenbrock,
  network,
  'quadratic row': quadratic,
  'rosenbrock row': rosenbrock,
  'network matrices': network,
};
