/** TensorFlow.js, written with its core operations and optimizers, tidied; images are NHWC, which is what it knows. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { type Library, type Runner } from '../library.js';
import { EPSILON, placed, type Network, type PlacedLayer } from '../network.js';
import { floats, integers, type Numbers } from '../numbers.js';
import { ADAM, type ConvolutionPass, type OptimizerChoice, type Task, type Training } from '../task.js';

export async function open(backend: 'cpu' | 'wasm', threads = 1): Promise<Library> {
  tf.enableProdMode();
  let forget: (() => void) | undefined;
  if (backend === 'wasm') {
    const { setThreadsCount } = await import('@tensorflow/tfjs-backend-wasm');
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', threads > 1);
    setThreadsCount(threads);
    if (threads > 1) forget = keepScriptsInFiles();
  }
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend ${backend}`);
  forget?.();
  return { prepare };
}

/**
 * In Node it has threads that it does not use, because their scripts are blobs, which Node's workers do not read: here
 * blobs are files. Gives a function that takes them away, once they are read.
 */
function keepScriptsInFiles(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'downhill-benchmarks-'));
  const prelude = `
    var require$$0 = require('fs'), require$$1 = require('path');
    var require$$3 = require('perf_hooks'), require$$4 = require('os');
    var commonjsGlobal = globalThis;
    URL.createObjectURL = ({ path }) => path;
    URL.revokeObjectURL = () => undefined;
  `;
  let scripts = 0;
  class ScriptFile {
    readonly path = join(folder, `script-${scripts++}.cjs`);

    constructor([source]: readonly string[]) {
      writeFileSync(this.path, `${prelude}\n${source}`);
    }
  }
  Object.assign(globalThis, { Blob: ScriptFile });
  Object.assign(URL, { createObjectURL: ({ path }: ScriptFile) => path });
  return () => {
    rmSync(folder, { recursive: true });
  };
}

function prepare(task: Task): Runner {
  switch (task.kind) {
    case 'matmul': {
      const [left, right] = [known(task.left), known(task.right)];
      return keeping(() => tf.matMul(left, right, task.transposed === 'left', task.transposed === 'right'));
    }
    case 'convolution':
      return convolution(task);
    case 'chain': {
      const [a, b, c, d] = task.operands.map(known);
      return keeping(() => a.mul(b).add(c).tanh().mul(d));
    }
    case 'sum': {
      const operand = known(task.operand);
      return keeping(() => operand.sum());
    }
    case 'adam': {
      const parameter = tf.variable(known(task.parameter), true, 'parameter');
      const gradient = known(task.gradient);
      const optimizer = optimizerOf(task.optimizer);
      return {
        run: () => {
          optimizer.applyGradients({ parameter: gradient });
          return undefined;
        },
        result: () => parameter.dataSync(),
        dispose: tf.disposeVariables,
      };
    }
    case 'training':
      return training(task);
    case 'inference': {
      const model = modelOf(task.network);
      const image = floats(task.input);
      const [, channels, height, width] = task.input.shape;
      let logits: ArrayLike<number> = [];
      return {
        run: () => {
          // One channel: the pixels of an image stand alike in both layouts.
          logits = tf.tidy(() => model(tf.tensor4d(image, [1, height, width, channels])).dataSync());
          return undefined;
        },
        result: () => logits,
      };
    }
  }
}

/** Holds the last result and lets go of the one before. */
function keeping(fn: () => tf.Tensor, layout = (result: tf.Tensor): tf.Tensor => result): Runner {
  let result: tf.Tensor | undefined;
  return {
    run: () => {
      result?.dispose();
      result = tf.tidy(fn);
      return undefined;
    },
    result: () => (result === undefined ? [] : tf.tidy(() => layout(result as tf.Tensor).dataSync())),
  };
}

function convolution({ pass, padding, images, weights, outputs }: ConvolutionPass): Runner {
  const x = known(images).transpose<tf.Tensor4D>([0, 2, 3, 1]);
  const w = known(weights).transpose<tf.Tensor4D>([2, 3, 1, 0]);
  const dy = known(outputs).transpose<tf.Tensor4D>([0, 2, 3, 1]);
  const pad = padding;
  switch (pass) {
    case 'forward':
      return keeping(
        () => tf.conv2d(x, w, 1, pad),
        (y) => y.transpose([0, 3, 1, 2]),
      );
    case 'byData':
      return keeping(
        () => tf.conv2dTranspose(dy, w, x.shape, 1, pad),
        (dx) => dx.transpose([0, 3, 1, 2]),
      );
    case 'byWeights': {
      const attributes = { strides: [1, 1], pad, dataFormat: 'NHWC', filterShape: w.shape };
      return keeping(
        () => tf.engine().runKernel<tf.Tensor>('Conv2DBackpropFilter', { x, dy }, attributes),
        (dw) => dw.transpose([3, 2, 0, 1]),
      );
    }
  }
}

function training({ network, loss, optimizer: choice, inputs, targets }: Training): Runner {
  const model = modelOf(network);
  const x = channelsLast(known(inputs));
  const y = loss === 'crossEntropy' ? tf.oneHot(known(targets), 10) : known(targets);
  const optimizer = optimizerOf(choice);
  const lossOf = (): tf.Scalar =>
    loss === 'crossEntropy' ? tf.losses.softmaxCrossEntropy(y, model(x)) : y.sub(model(x)).square().mean();
  return {
    run: () => tf.tidy(() => optimizer.minimize(lossOf, true)?.dataSync()[0]),
    dispose: tf.disposeVariables,
  };
}

function optimizerOf(choice: OptimizerChoice): tf.Optimizer {
  const { learningRate } = choice;
  if (choice.name === 'adam') return tf.train.adam(learningRate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  return choice.momentum > 0 ? tf.train.momentum(learningRate, choice.momentum) : tf.train.sgd(learningRate);
}

function modelOf(network: Network): (x: tf.Tensor) => tf.Tensor {
  const layers = placed(network).map(layerOf);
  return (x) => layers.reduce((value, layer) => layer(value), x);
}

function layerOf(place: PlacedLayer): (x: tf.Tensor) => tf.Tensor {
  const { layer, input, parameters } = place;
  switch (layer.kind) {
    case 'linear': {
      const [weight, bias] = [tf.variable(linearWeight(place)), tf.variable(known(parameters[1]))];
      return (x) => tf.matMul(x, weight).add(bias);
    }
    case 'convolution': {
      const weight = tf.variable(known(parameters[0]).transpose<tf.Tensor4D>([2, 3, 1, 0]));
      const bias = tf.variable(known(parameters[1]));
      return (x) => tf.conv2d(x as tf.Tensor4D, weight, 1, layer.padding).add(bias);
    }
    case 'maxPool':
      return (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid');
    case 'batchNorm': {
      const [scale, shift] = parameters.map((values) => tf.variable(known(values)));
      return (x) => {
        const { mean, variance } = tf.moments(x, [0, 1, 2]);
        return x.sub(mean).mul(variance.add(EPSILON).rsqrt()).mul(scale).add(shift);
      };
    }
    case 'dropout':
      return (x) => tf.dropout(x, layer.rate);
    case 'flatten':
      return (x) => x.reshape([x.shape[0], input.reduce((product, extent) => product * extent, 1)]);
    case 'relu':
      return (x) => x.relu();
    case 'tanh':
      return (x) => x.tanh();
  }
}

/** [inputs, outputs], so that no step has to transpose it; after an image, inputs stand in the order of NHWC. */
function linearWeight({ layer, flattened, parameters: [weight] }: PlacedLayer): tf.Tensor {
  if (layer.kind !== 'linear' || flattened === undefined) return known(weight).transpose();
  return known(weight)
    .reshape([layer.outputs, ...flattened])
    .transpose([2, 3, 1, 0])
    .reshape([-1, layer.outputs]);
}

function channelsLast(x: tf.Tensor): tf.Tensor {
  return x.rank === 4 ? x.transpose([0, 2, 3, 1]) : x;
}

function known(numbers: Numbers): tf.Tensor {
  const shape = [...numbers.shape];
  return numbers.integers
    ? tf.tensor(integers(numbers), shape, 'int32')
    : tf.tensor(floats(numbers), shape, 'float32');
}
