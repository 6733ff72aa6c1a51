import { gradients } from '@downhill/autograd';
import { crossEntropy, Linear, ReLU, Sequential } from '@downhill/layers';
import { adam } from '@downhill/optimizers';
import { exponentialDecay } from '@downhill/schedules';
import { argmax, compile, equal, generator, sum, type Tensor } from '@downhill/tensor';

export interface NetworkSettings {
  readonly seed: number;
  /** The rate of the first step; that of the last is a tenth. */
  readonly learningRate: number;
  /** Steps in the whole training. */
  readonly steps: number;
}

/** 784-256-256-10 with rectifiers, and the two compiled functions that training it needs. */
export function makeNetwork({ seed, learningRate, steps }: NetworkSettings) {
  const source = { generator: generator(seed) };
  const model = new Sequential([
    new Linear(784, 256, source),
    new ReLU(),
    new Linear(256, 256, source),
    new ReLU(),
    new Linear(256, 10, source),
  ]);
  const parameters = model.parameters();
  const optimizer = adam({
    learningRate: exponentialDecay({ initial: learningRate, rate: 0.1, every: steps }),
  });

  const step = compile((images: Tensor, labels: Tensor) => {
    const logits = model.forward(images, { training: true });
    const loss = crossEntropy(logits, labels);
    optimizer.step(parameters, gradients(loss, parameters));
    return { loss, correct: countCorrect(logits, labels) };
  });
  const evaluate = compile((images: Tensor, labels: Tensor) =>
    countCorrect(model.forward(images, { training: false }), labels),
  );
  return { parameters, step, evaluate };
}

/** How many rows have their largest score at the label. */
function countCorrect(logits: Tensor, labels: Tensor): Tensor {
  return sum(equal(argmax(logits, { axis: 1 }), labels));
}
