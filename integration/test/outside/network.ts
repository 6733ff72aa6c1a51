import { gradients } from '@downhill/autograd';
import { crossEntropy, Linear, ReLU, Sequential } from '@downhill/layers';
import type { Optimizer } from '@downhill/optimizers';
import { argmax, compile, equal, generator, sum, type Tensor } from '@downhill/tensor';

/** The network of the digits, 784-256-256-10 with rectifiers, trained by a given optimizer. */
export function digitsNetwork(optimizer: Optimizer) {
  const source = { generator: generator(1) };
  const model = new Sequential([
    new Linear(784, 256, source),
    new ReLU(),
    new Linear(256, 256, source),
    new ReLU(),
    new Linear(256, 10, source),
  ]);
  const parameters = model.parameters();
  const step = compile((images: Tensor, labels: Tensor) => {
    const loss = crossEntropy(model.forward(images, { training: true }), labels);
    optimizer.step(parameters, gradients(loss, parameters));
    return loss;
  });
  const countCorrect = compile((images: Tensor, labels: Tensor) =>
    sum(equal(argmax(model.forward(images), { axis: 1 }), labels)),
  );
  return { step, countCorrect };
}
