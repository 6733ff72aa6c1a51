import { gradients } from '@downhill/autograd';
import { convnetjsCifar, lenet5, smallGooglenet, smallResnet, smallVgg } from '@downhill/convnets';
import {
  crossEntropy,
  Embedding,
  GELU,
  LayerNorm,
  Linear,
  Module,
  ReLU,
  Sequential,
  softmax,
} from '@downhill/layers';
import { adam, momentum } from '@downhill/optimizers';
import type { Optimizer } from '@downhill/optimizers';
import type { DType, Program, Shape, Tensor } from '@downhill/tensor';
import {
  accessesIn,
  bytesPerElement,
  compile,
  generator,
  matmul,
  permute,
  reshape,
  tensor,
  zeros,
} from '@downhill/tensor';
import { expect, it } from 'vitest';

/** Attention over the examples of a sequence, then a dense layer, both around a sum, as in a transformer. */
class Block extends Module {
  readonly heads = 4;
  readonly before: LayerNorm;
  readonly between: LayerNorm;
  readonly project: Linear;
  readonly join: Linear;
  readonly dense: Sequential;

  constructor(readonly width: number) {
    super();
    this.before = new LayerNorm(width);
    this.between = new LayerNorm(width);
    this.project = new Linear(width, 3 * width);
    this.join = new Linear(width, width);
    this.dense = new Sequential([new Linear(width, 4 * width), new GELU(), new Linear(4 * width, width)]);
  }

  override forward(x: Tensor): Tensor {
    const [batch, length, width] = x.shape;
    const parts = reshape(this.project.forward(this.before.forward(x)), [batch, length, 3, this.heads, -1]);
    const [queries, keys, values] = [0, 1, 2].map((part) =>
      permute(parts.slice(undefined, undefined, part), [0, 2, 1, 3]),
    );
    const scores = matmul(queries, permute(keys, [0, 1, 3, 2])).mul((width / this.heads) ** -0.5);
    const seen = permute(matmul(softmax(scores), values), [0, 2, 1, 3]);
    const joined = x.add(this.join.forward(reshape(seen, [batch, length, width])));
    return joined.add(this.dense.forward(this.between.forward(joined)));
  }
}

class Transformer extends Module {
  readonly embedding = new Embedding(100, 64);
  readonly blocks = new Sequential([new Block(64), new Block(64), new Block(64)]);
  readonly scores = new Linear(64, 100);

  override forward(x: Tensor): Tensor {
    return reshape(this.scores.forward(this.blocks.forward(this.embedding.forward(x))), [-1, 100]);
  }
}

const seed = { generator: generator(1) };
const mlp = (): Module =>
  new Sequential([
    new Linear(784, 256, seed),
    new ReLU(),
    new Linear(256, 256, seed),
    new ReLU(),
    new Linear(256, 10, seed),
  ]);

type Case = [
  name: string,
  model: () => Module,
  x: Shape,
  xType: DType,
  labels: number,
  optimizer: () => Optimizer,
];
const cases: Case[] = [
  ['MLP', mlp, [64, 784], 'float32', 64, () => momentum()],
  // The gradients of the weights, larger than all that is stored, never are.
  ['MLP of few examples', mlp, [8, 784], 'float32', 8, () => adam()],
  ['LeNet', () => lenet5(), [64, 1, 28, 28], 'float32', 64, () => adam()],
  ['CIFAR net', () => convnetjsCifar(), [64, 3, 32, 32], 'float32', 64, () => momentum()],
  ['small VGG', () => smallVgg(), [32, 3, 32, 32], 'float32', 32, () => adam()],
  ['small residual network', () => smallResnet(20), [16, 3, 32, 32], 'float32', 16, () => momentum()],
  ['small GoogLeNet', () => smallGooglenet(), [8, 3, 32, 32], 'float32', 8, () => momentum()],
  ['transformer', () => new Transformer(), [4, 32], 'int32', 128, () => adam()],
];

/** The largest sum of bytes that have to be kept at one time, worked out from the kernels alone. */
function largestLive({ buffers, kernels }: Program): number {
  const touched = kernels.map(({ body }) => new Set(accessesIn(body).map(({ buffer }) => buffer)));
  const live = new Array<number>(kernels.length + 2).fill(0);
  buffers.forEach(({ role, dtype, length }, buffer) => {
    if (role === 'resident') return;
    const users = touched.flatMap((each, kernel) => (each.has(buffer) ? [kernel + 1] : []));
    if (users.length === 0 && role === 'intermediate') return;
    // Inputs are there from before the first kernel on, outputs until after the last.
    const first = role === 'input' || role === 'scalars' || role === 'flags' ? 0 : (users[0] ?? 0);
    const last = role === 'output' || role === 'flags' ? kernels.length + 1 : (users.at(-1) ?? 0);
    for (let time = first; time <= last; time++) live[time] += length * bytesPerElement(dtype);
  });
  return Math.max(...live);
}

it.each(cases)(
  'the arena of a %s step holds its buffers, and is at most 1.2 times the largest sum of what is live',
  (_name, build, shape, dtype, labels, rule) => {
    const model = build();
    const optimizer = rule();
    const parameters = model.parameters();
    const step = compile((x: Tensor, y: Tensor) => {
      const loss = crossEntropy(model.forward(x, { training: true }), y);
      optimizer.step(parameters, gradients(loss, parameters));
      return loss;
    });
    const program = step.program(zeros(shape, { dtype }), tensor(new Int32Array(labels)));
    for (const { role, dtype, length, offset } of program.buffers) {
      if (role === 'resident') continue;
      expect(offset + length * bytesPerElement(dtype)).toBeLessThanOrEqual(program.arenaBytes);
    }
    const live = largestLive(program);
    expect(program.arenaBytes).toBeGreaterThanOrEqual(live);
    expect(program.arenaBytes).toBeLessThanOrEqual(1.2 * live);
  },
);
