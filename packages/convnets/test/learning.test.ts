import { gradients } from '@downhill/autograd';
import { wasm } from '@downhill/backend-wasm';
import {
  convnetjsCifar,
  lenet5,
  originalLenet5,
  resnet,
  smallAlexnet,
  smallGooglenet,
  smallResnet,
  smallVgg,
  smallZfnet,
} from '@downhill/convnets';
import { mnistDigits } from '@downhill/data';
import { crossEntropy, type Module } from '@downhill/layers';
import { adam, momentum, type Optimizer } from '@downhill/optimizers';
import { compile, generator, pad, setBackend, tensor, type Generator, type Tensor } from '@downhill/tensor';
import { beforeAll, describe, expect, it } from 'vitest';

/** The first two of each digit. */
let digits: Tensor;
let labels: Tensor;

beforeAll(async () => {
  setBackend(await wasm());
  const { images, labels: sorted } = await mnistDigits();
  const places = Array.from({ length: 20 }, (_, i) => sorted.indexOf(i % 10) + Math.floor(i / 10));
  const taken = new Float32Array(20 * 784);
  places.forEach((place, i) => {
    taken.set(images.subarray(place * 784, (place + 1) * 784), i * 784);
  });
  digits = tensor(taken, { shape: [20, 1, 28, 28] });
  labels = tensor(Int32Array.from(places, (place) => sorted[place]));
});

/** The loss before each of a number of steps. Nothing is dropped, so that it is not a matter of luck. */
function train(model: Module, optimizer: Optimizer, [x, y]: [Tensor, Tensor], steps: number): number[] {
  const parameters = model.parameters();
  const step = compile((images: Tensor, classes: Tensor) => {
    const loss = crossEntropy(model.forward(images, { training: true, stochastic: false }), classes);
    optimizer.step(parameters, gradients(loss, parameters));
    return loss;
  });
  return Array.from({ length: steps }, () => step(x, y).item());
}

/** Digits on a ground of -0.1, with ink of 1.175, as the original network was shown them. */
function asIn1998(images: Tensor): Tensor {
  return images.mul(1.275).sub(0.1);
}

/** Digits in the middle of three channels of `size` by `size`. */
function asPhotographs(images: Tensor, size = 32): Tensor {
  const around: [number, number] = [(size - 28) / 2, (size - 28) / 2];
  const padded = pad(images, [[0, 0], [0, 0], around, around]);
  return padded.expand([images.shape[0], 3, size, size]);
}

describe('each network for small images learns ten digits by heart', () => {
  type Options = { readonly generator: Generator; readonly channels: number };
  it.each<[string, (options: Options) => Module, ((images: Tensor) => Tensor)?]>([
    ['lenet5', (options) => lenet5(options)],
    ['originalLenet5', (options) => originalLenet5({ generator: options.generator, padding: 2 }), asIn1998],
    ['smallAlexnet', (options) => smallAlexnet(options)],
    ['smallZfnet', (options) => smallZfnet(options)],
    ['smallVgg', (options) => smallVgg(options)],
    ['smallGooglenet', (options) => smallGooglenet(options)],
    ['smallResnet', (options) => smallResnet(14, { ...options, width: 8 })],
    ['convnetjsCifar', (options) => convnetjsCifar({ ...options, channels: 3 }), asPhotographs],
  ])(
    '%s',
    (_, build, prepare = (images: Tensor) => images) => {
      const model = build({ generator: generator(3), channels: 1 });
      const batch: [Tensor, Tensor] = [prepare(digits.slice([0, 10])), labels.slice([0, 10])];
      const losses = train(model, adam({ learningRate: 2e-3 }), batch, 15);
      expect(losses[0]).toBeGreaterThan(2);
      expect(losses[14]).toBeLessThan(losses[0] / 2);
    },
    120_000,
  );
});

describe('depth', () => {
  it('of 56 layers is learnt with shortcuts, and hardly without', () => {
    const [residual, plain] = [true, false].map((shortcuts) => {
      const model = smallResnet(56, { channels: 1, width: 4, shortcuts, generator: generator(1) });
      return train(model, momentum({ learningRate: 0.05 }), [digits, labels], 20)[19];
    });
    expect(residual).toBeLessThan(0.5);
    expect(plain).toBeGreaterThan(1);
  }, 240_000);

  it('of 152 layers trains on small images in less than 4 GB', () => {
    const model = resnet(152, { classes: 10, generator: generator(1) });
    const batch: [Tensor, Tensor] = [asPhotographs(digits.slice([0, 4])), labels.slice([0, 4])];
    const before = model.state();
    const first = before['conv1.weight'].value;
    const losses = train(model, momentum({ learningRate: 0.01 }), batch, 2);
    expect(losses.every(Number.isFinite)).toBe(true);
    // Gradients have come all the way down.
    expect(first.sub(before['conv1.weight']).abs().max().item()).toBeGreaterThan(0);
    // Kilobytes, of the whole process, tests before this one included.
    expect(process.resourceUsage().maxRSS).toBeLessThan(4 * 1024 ** 2);
  }, 240_000);
});
