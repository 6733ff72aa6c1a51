import { gradients } from '@downhill/autograd';
import { batches, mnistDigits, split, type Dataset } from '@downhill/data';
import { momentum } from '@downhill/optimizers';
import { compile, generator, oneHot, tensor, type Tensor } from '@downhill/tensor';
import { crossEntropy, Linear, ReLU, Sequential, type Module } from '@downhill/layers';
import { constrainMaxNorm, DropConnect, Dropout, l2Penalty, mixup } from '@downhill/regularization';
import { beforeAll, describe, expect, it } from 'vitest';

let training: Dataset;
let heldOut: Dataset;

beforeAll(async () => {
  [training, heldOut] = split(await mnistDigits(), { counts: [400, 400, 9200], seed: 3 });
});

interface Extras {
  readonly maxNorm?: number;
  readonly l2?: number;
  readonly mixed?: boolean;
}

/** The part of 400 held-out digits that a network gets right after 12 epochs on 400 others. */
function learn(model: Module, { maxNorm, l2, mixed = false }: Extras = {}): number {
  const parameters = model.parameters();
  const optimizer = momentum({ learningRate: 0.05 });
  const source = generator(5);
  const step = compile((images: Tensor, labels: Tensor) => {
    const soft = oneHot(labels, 10);
    const { inputs, targets } = mixed
      ? mixup(images, soft, { generator: source })
      : { inputs: images, targets: soft };
    const loss = crossEntropy(model.forward(inputs, { training: true }), targets);
    const total = l2 === undefined ? loss : loss.add(l2Penalty(model, l2));
    optimizer.step(parameters, gradients(total, parameters));
    if (maxNorm !== undefined) constrainMaxNorm(model, maxNorm);
    return loss;
  });
  for (let epoch = 0; epoch < 12; epoch++) {
    for (const { images, labels } of batches(training, { size: 50, epoch })) step(images, labels);
  }
  const images = tensor(heldOut.images, { shape: [400, 784] });
  const right = model.forward(images).argmax({ axis: 1 }).equal(tensor(heldOut.labels));
  return right.mean().item();
}

/** 784-64-10, with what is named around its layers. */
function network(parts: (first: Linear, second: Linear) => Module[]): Module {
  const source = generator(1);
  const [first, second] = [
    new Linear(784, 64, { generator: source }),
    new Linear(64, 10, { generator: source }),
  ];
  return new Sequential(parts(first, second));
}

// A short form: that each learns real digits. How much each helps is measured over many seeds with `npm run verify`.
describe('400 digits teach a small network', () => {
  const source = (): { generator: ReturnType<typeof generator> } => ({ generator: generator(2) });

  it.each<[string, (first: Linear, second: Linear) => Module[], Extras]>([
    ['plain', (first, second) => [first, new ReLU(), second], {}],
    ['with dropout', (first, second) => [first, new ReLU(), new Dropout(0.5, source()), second], {}],
    [
      'with standard dropout',
      (first, second) => [first, new ReLU(), new Dropout(0.5, { ...source(), mode: 'standard' }), second],
      {},
    ],
    ['with DropConnect', (first, second) => [new DropConnect(first, 0.5, source()), new ReLU(), second], {}],
    [
      'with DropConnect and moment matching',
      (first, second) => {
        const options = { ...source(), activation: new ReLU(), inference: 'gaussian', samples: 20 } as const;
        return [new DropConnect(first, 0.5, options), second];
      },
      {},
    ],
    [
      'with max-norm, an L2 penalty and mixup',
      (first, second) => [first, new ReLU(), second],
      { maxNorm: 3, l2: 1e-4, mixed: true },
    ],
  ])('%s', (_, parts, extras) => {
    // One in ten would be chance; all of them come to 0.79 to 0.82.
    expect(learn(network(parts), extras)).toBeGreaterThan(0.7);
  });
});
