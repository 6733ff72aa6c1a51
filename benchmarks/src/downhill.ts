/** Downhill itself, written as its users would write it. */
import { gradients, vjp } from '@downhill/autograd';
import { wasm } from '@downhill/backend-wasm';
import { conv2d, Conv2d, MaxPool2d } from '@downhill/convnets';
import {
  BatchNorm2d,
  crossEntropy,
  Flatten,
  Linear,
  meanSquaredError,
  ReLU,
  Sequential,
  Tanh,
  type Module,
} from '@downhill/layers';
import { adam, momentum, sgd, type Optimizer } from '@downhill/optimizers';
import { Dropout } from '@downhill/regularization';
import {
  compile,
  matmul,
  portable,
  setBackend,
  sum,
  tanh,
  tensor,
  transpose,
  variable,
  zeros,
  type Backend,
  type Tensor,
  type Variable,
} from '@downhill/tensor';
import { type Library, type Runner } from './library.js';
import { placed, type Network, type PlacedLayer } from './network.js';
import { floats, integers, type Numbers } from './numbers.js';
import { type ConvolutionPass, type OptimizerChoice, type Task, type Training } from './task.js';

export type BackendName = 'wasm' | 'portable';

/** Makes Downhill use the backend of this name; as many threads as it thinks right unless said. */
export async function useBackend(name: BackendName, threads?: number): Promise<Backend> {
  const backend = name === 'portable' ? portable() : await wasm({ threads });
  setBackend(backend);
  return backend;
}

export async function open(name: BackendName, threads: number): Promise<Library> {
  await useBackend(name, threads);
  return { prepare };
}

function prepare(task: Task): Runner {
  switch (task.kind) {
    case 'matmul': {
      const [left, right] = [resident(task.left), resident(task.right)];
      const a = () => (task.transposed === 'left' ? transpose(left) : left);
      const b = () => (task.transposed === 'right' ? transpose(right) : right);
      return into(() => matmul(a(), b()), [left, right]);
    }
    case 'convolution': {
      const operands = [task.images, task.weights, task.outputs].map(resident);
      return into(() => pass(task, operands), operands);
    }
    case 'chain': {
      const operands = task.operands.map(resident);
      const [a, b, c, d] = operands;
      return into(() => tanh(a.mul(b).add(c)).mul(d), operands);
    }
    case 'sum': {
      const operand = resident(task.operand);
      return into(() => sum(operand), [operand]);
    }
    case 'adam': {
      const [parameter, gradient] = [resident(task.parameter), resident(task.gradient)];
      const optimizer = adam({ learningRate: task.optimizer.learningRate });
      const update = compile(() => {
        optimizer.step([parameter], [gradient.value]);
      });
      return {
        run: () => void update(),
        result: () => parameter.value.dataSync(),
        dispose: () => {
          for (const variable of [parameter, gradient, ...Object.values(optimizer.state().variables)])
            variable.dispose();
        },
      };
    }
    case 'training': {
      const step = compile(trainingStep(task));
      const [inputs, targets] = [concrete(task.inputs), concrete(task.targets)];
      return { run: () => step(inputs, targets).item() };
    }
    case 'inference': {
      const model = modelOf(task.network);
      const forward = compile((images: Tensor) => model.forward(images));
      const { shape } = task.input;
      const image = floats(task.input);
      let logits: ArrayLike<number> = [];
      return {
        run: () => {
          logits = forward(tensor(image, { shape })).dataSync();
          return undefined;
        },
        result: () => logits,
      };
    }
  }
}

/** A program that leaves its result in a variable: nothing is copied in or out. */
function into(fn: () => Tensor, operands: readonly Variable[]): Runner {
  let result: Variable | undefined;
  const run = compile(() => {
    const value = fn();
    result ??= variable(zeros(value.shape), { name: 'result' });
    result.assign(value);
  });
  return {
    run: () => void run(),
    result: () => result?.value.dataSync() ?? [],
    dispose: () => {
      for (const variable of operands) variable.dispose();
      result?.dispose();
    },
  };
}

function pass({ pass, padding }: ConvolutionPass, [images, weights, outputs]: readonly Variable[]): Tensor {
  if (pass === 'forward') return conv2d(images, weights, { padding });
  const { pullback } = vjp((x, w) => conv2d(x, w, { padding }), [images.value, weights.value]);
  return pullback(outputs.value)[pass === 'byData' ? 0 : 1];
}

/** A training step, as Downhill's README has it. */
export function trainingStep({ network, loss: kind, optimizer: choice }: Training) {
  const model = modelOf(network);
  const parameters = model.parameters();
  const optimizer = optimizerOf(choice);
  const lossOf = kind === 'crossEntropy' ? crossEntropy : meanSquaredError;
  return (inputs: Tensor, targets: Tensor): Tensor => {
    const loss = lossOf(model.forward(inputs, { training: true }), targets);
    optimizer.step(parameters, gradients(loss, parameters));
    return loss;
  };
}

function optimizerOf(choice: OptimizerChoice): Optimizer {
  const { name, learningRate } = choice;
  if (name === 'adam') return adam({ learningRate });
  return choice.momentum > 0 ? momentum({ learningRate, momentum: choice.momentum }) : sgd({ learningRate });
}

function modelOf(network: Network): Sequential {
  const layers = placed(network);
  const model = new Sequential(layers.map(moduleOf));
  const initial = layers.flatMap(({ parameters }) => parameters);
  for (const [i, parameter] of model.parameters().entries()) parameter.assign(concrete(initial[i]));
  return model;
}

function moduleOf({ layer, input }: PlacedLayer): Module {
  switch (layer.kind) {
    case 'linear':
      return new Linear(input[0], layer.outputs);
    case 'convolution':
      return new Conv2d(input[0], layer.outputs, { kernelSize: layer.kernelSize, padding: layer.padding });
    case 'maxPool':
      return new MaxPool2d({ kernelSize: 2 });
    case 'batchNorm':
      return new BatchNorm2d(input[0]);
    case 'dropout':
      return new Dropout(layer.rate);
    case 'flatten':
      return new Flatten();
    case 'relu':
      return new ReLU();
    case 'tanh':
      return new Tanh();
  }
}

/** What the first step of a work sees, as tensors that are known. */
export function concrete(numbers: Numbers): Tensor {
  const { shape } = numbers;
  return numbers.integers
    ? tensor(integers(numbers), { shape, dtype: 'int32' })
    : tensor(floats(numbers), { shape });
}

function resident(numbers: Numbers): Variable {
  return variable(concrete(numbers));
}
