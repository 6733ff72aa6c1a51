import { gradients } from '@downhill/autograd';
import { wasm } from '@downhill/backend-wasm';
import { crossEntropy, Linear, meanSquaredError, ReLU, Sequential, Tanh } from '@downhill/layers';
import { momentum, sgd } from '@downhill/optimizers';
import {
  cast,
  compile,
  generator,
  portable,
  random,
  setBackend,
  sum,
  type Backend,
  type Tensor,
} from '@downhill/tensor';
import { type Contender, type Work } from './contender.js';

const backends = { wasm, portable: () => Promise.resolve(portable()) };
export type BackendName = keyof typeof backends;

export interface Batch {
  readonly inputs: Tensor;
  readonly targets: Tensor;
}

/** The network of a work; its weights are the same every time, on every backend. */
export function makeModel({ sizes, activation }: Work): Sequential {
  const source = generator(1);
  const Activation = activation === 'relu' ? ReLU : Tanh;
  const linears = sizes
    .slice(1)
    .map((outputs, layer) => new Linear(sizes[layer], outputs, { generator: source }));
  return new Sequential(
    linears.flatMap((linear, layer) => (layer < linears.length - 1 ? [linear, new Activation()] : [linear])),
  );
}

/** Random inputs; random labels for a classifier, else the sum of squares of each row: concrete, and always the same. */
export function makeBatch({ sizes, batch, loss }: Work): Batch {
  const source = generator(2);
  const inputs = concrete(random.uniform([batch, sizes[0]], { low: -1, high: 1, generator: source }));
  if (loss === 'meanSquaredError') {
    return { inputs, targets: concrete(sum(inputs.square(), { axis: 1, keepDims: true })) };
  }
  const classes = sizes[sizes.length - 1];
  return {
    inputs,
    targets: concrete(cast(random.uniform([batch], { high: classes, generator: source }), 'int32')),
  };
}

function concrete(value: Tensor): Tensor {
  value.dataSync();
  return value;
}

/** A training step of Downhill, as its README has it. */
export function makeStep(work: Work): (inputs: Tensor, targets: Tensor) => Tensor {
  const model = makeModel(work);
  const parameters = model.parameters();
  const { learningRate } = work;
  const optimizer =
    work.momentum > 0 ? momentum({ learningRate, momentum: work.momentum }) : sgd({ learningRate });
  const lossOf = work.loss === 'crossEntropy' ? crossEntropy : meanSquaredError;
  return (inputs, targets) => {
    const loss = lossOf(model.forward(inputs, { training: true }), targets);
    optimizer.step(parameters, gradients(loss, parameters));
    return loss;
  };
}

/** Makes Downhill use the backend of this name. */
export async function useBackend(name: BackendName): Promise<Backend> {
  const backend = await backends[name]();
  setBackend(backend);
  return backend;
}

/** Downhill on a backend, compiled. */
export async function downhill(work: Work, backendName: BackendName): Promise<Contender> {
  const backend = await useBackend(backendName);
  const { inputs, targets } = makeBatch(work);
  const step = compile(makeStep(work));
  return {
    name: `downhill ${backendName}`,
    select: () => {
      setBackend(backend);
      return Promise.resolve();
    },
    step: () => step(inputs, targets).item(),
  };
}
