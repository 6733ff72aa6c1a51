import { gradients } from '@downhill/autograd';
import { crossEntropy, Linear, ReLU, Sequential } from '@downhill/layers';
import { adam } from '@downhill/optimizers';
import type { Backend, Tensor } from '@downhill/tensor';
import { compile, generator, setBackend, tensor } from '@downhill/tensor';

/** The losses of the README's program, 201 steps. */
export function losses(backend: Backend, compiled: boolean): number[] {
  setBackend(backend);
  const source = generator(0);
  const model = new Sequential([
    new Linear(2, 16, { generator: source }),
    new ReLU(),
    new Linear(16, 2, { generator: source }),
  ]);
  const optimizer = adam({ learningRate: 0.05 });
  const parameters = model.parameters();
  const train = (x: Tensor, y: Tensor): Tensor => {
    const loss = crossEntropy(model.forward(x, { training: true }), y);
    optimizer.step(parameters, gradients(loss, parameters));
    return loss;
  };
  const step = compiled ? compile(train) : train;
  const x = tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const y = tensor([0, 1, 1, 0], { dtype: 'int32' });
  return Array.from({ length: 201 }, () => step(x, y).item());
}
