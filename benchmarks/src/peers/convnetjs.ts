/** ConvNetJS, example by example, as its trainer wants it. Volumes are height, width, channels. */
import convnetjs from 'convnetjs';
import { Cannot, type Library, type Runner } from '../library.js';
import { placed, type Network, type PlacedLayer } from '../network.js';
import { floats, integers } from '../numbers.js';
import { type Task, type Training } from '../task.js';

export function open(): Promise<Library> {
  return Promise.resolve({ prepare });
}

function prepare(task: Task): Runner {
  if (task.kind === 'training') return training(task);
  if (task.kind !== 'inference') throw new Cannot('it has networks, not operations');
  const net = netOf(task.network, undefined);
  const image = floats(task.input);
  let logits: ArrayLike<number> = [];
  return {
    run: () => {
      logits = net.forward(volumeOf(image, task.network.input)).w;
      return undefined;
    },
    result: () => logits,
  };
}

function training({ network, loss, optimizer, inputs, targets }: Training): Runner {
  const net = netOf(network, loss);
  const batch = inputs.shape[0];
  const values = floats(inputs);
  const length = values.length / batch;
  const examples = Array.from({ length: batch }, (_, i) =>
    volumeOf(values.subarray(i * length, (i + 1) * length), network.input),
  );
  const isRegression = loss === 'meanSquaredError';
  const answers = isRegression ? [...floats(targets)].map((value) => [value]) : [...integers(targets)];
  const trainer = new convnetjs.Trainer(net, {
    batch_size: batch,
    l2_decay: 0,
    // Its squared error is half of ours as a gradient, and twice as a loss.
    learning_rate: optimizer.learningRate * (isRegression ? 2 : 1),
    ...(optimizer.name === 'adam' ? { method: 'adadelta' } : { method: 'sgd', momentum: optimizer.momentum }),
  });
  return {
    differs: optimizer.name === 'adam' ? 'with Adadelta, it has no Adam' : undefined,
    run: () => {
      let total = 0;
      for (const [i, example] of examples.entries()) total += trainer.train(example, answers[i]).loss;
      return total / batch / (isRegression ? 2 : 1);
    },
  };
}

function netOf(network: Network, loss: Training['loss'] | undefined): convnetjs.Net {
  const layers = placed(network);
  const [depth, height, width] = network.input.length === 1 ? [network.input[0], 1, 1] : network.input;
  const outputs = layers[layers.length - 1].output[0];
  const net = new convnetjs.Net();
  net.makeLayers([
    { type: 'input', out_sx: width, out_sy: height, out_depth: depth },
    // A loss puts the layer of weights before it that networks end with.
    ...layers.slice(0, loss === undefined ? undefined : -1).flatMap(definitionOf),
    ...(loss === 'crossEntropy' ? [{ type: 'softmax', num_classes: outputs }] : []),
    ...(loss === 'meanSquaredError' ? [{ type: 'regression', num_neurons: outputs }] : []),
  ]);
  const weighted = net.layers.filter(({ filters }) => filters !== undefined);
  for (const [i, place] of layers.filter(({ parameters }) => parameters.length > 0).entries()) {
    const { filters = [], biases } = weighted[i];
    const [weight, bias] = place.parameters.map(floats);
    const length = weight.length / filters.length;
    for (const [k, filter] of filters.entries()) {
      const { shape } = place.parameters[0];
      filter.w.set(
        channelsLast(weight.subarray(k * length, (k + 1) * length), place.flattened ?? shape.slice(1)),
      );
    }
    biases?.w.set(bias);
  }
  return net;
}

function definitionOf({ layer }: PlacedLayer): convnetjs.Definition[] {
  switch (layer.kind) {
    case 'linear':
      return [{ type: 'fc', num_neurons: layer.outputs }];
    case 'convolution':
      return [{ type: 'conv', sx: layer.kernelSize, filters: layer.outputs, stride: 1, pad: layer.padding }];
    case 'maxPool':
      return [{ type: 'pool', sx: 2, stride: 2 }];
    case 'batchNorm':
      throw new Cannot('it has no batch normalization');
    case 'dropout':
      return [{ type: 'dropout', drop_prob: layer.rate }];
    case 'flatten':
      return [];
    default:
      return [{ type: layer.kind }];
  }
}

function volumeOf(values: Float32Array, shape: readonly number[]): convnetjs.Vol {
  const [depth, height, width] = shape.length === 1 ? [shape[0], 1, 1] : shape;
  const volume = new convnetjs.Vol(width, height, depth, 0);
  volume.w.set(channelsLast(values, shape));
  return volume;
}

/** From [channels, height, width] to [height, width, channels]; what has no places stays as it is. */
function channelsLast(values: Float32Array, shape: readonly number[]): Float32Array {
  if (shape.length < 3) return values;
  const [channels, height, width] = shape;
  const places = height * width;
  return values.map((_, i) => values[(i % channels) * places + Math.floor(i / channels)]);
}
