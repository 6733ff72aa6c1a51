/** jax-js on WebAssembly: every task is one function under `jit`. Its arrays are consumed by use, unless `.ref` is taken. */
import { resolveObjectURL } from 'node:buffer';
import { Worker as NodeWorker } from 'node:worker_threads';
import type * as JaxModule from '@jax-js/jax';
import { type Library, type Runner } from '../library.js';
import { EPSILON, placed, type PlacedLayer } from '../network.js';
import { floats, integers, type Numbers } from '../numbers.js';
import { ADAM, type ConvolutionPass, type Task, type Training } from '../task.js';

type Jax = typeof JaxModule;
type Values = JaxModule.Array;

export async function open(threads: number): Promise<Library> {
  imitateBrowser(threads);
  const jax = await import('@jax-js/jax');
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  return { prepare: (task) => prepare(jax, task) };
}

/** It asks for the number of cores of a browser, and for a browser's workers if there shall be several threads. */
function imitateBrowser(threads: number): void {
  Object.defineProperty(globalThis, 'navigator', {
    value: { hardwareConcurrency: threads, userAgent: 'Node' },
    configurable: true,
  });
  if (threads > 1) Object.assign(globalThis, { Worker: BrowserWorker });
}

/** As much of a browser's worker as it uses, made of Node's. */
class BrowserWorker {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: ((error: Error) => void) | null = null;
  readonly #worker: Promise<NodeWorker>;

  constructor(url: string) {
    this.#worker = this.#start(url);
  }

  async #start(url: string): Promise<NodeWorker> {
    const source = (await resolveObjectURL(url)?.text()) ?? '';
    const prelude = `
      const { parentPort } = require('node:worker_threads');
      globalThis.self = globalThis;
      globalThis.postMessage = (message) => parentPort.postMessage(message);
      parentPort.on('message', (data) => self.onmessage({ data }));
    `;
    const worker = new NodeWorker(prelude + source, { eval: true });
    worker.on('message', (data: unknown) => this.onmessage?.({ data }));
    worker.on('error', (error) => this.onerror?.(error));
    return worker;
  }

  postMessage(message: unknown): void {
    void this.#worker.then((worker) => {
      worker.postMessage(message);
    });
  }
}

function prepare(jax: Jax, task: Task): Runner {
  const { jit, numpy: np } = jax;
  switch (task.kind) {
    case 'matmul': {
      const product = jit((left: Values, right: Values) =>
        np.matmul(
          task.transposed === 'left' ? np.transpose(left) : left,
          task.transposed === 'right' ? np.transpose(right) : right,
        ),
      );
      return keeping(product, [task.left, task.right].map(known(jax)));
    }
    case 'convolution': {
      const operands = [task.images, task.weights, task.outputs].map(known(jax));
      return keeping(jit(passOf(jax, task)), operands);
    }
    case 'chain': {
      const chain = jit((a: Values, b: Values, c: Values, d: Values) => np.tanh(a.mul(b).add(c)).mul(d));
      return keeping(chain, task.operands.map(known(jax)));
    }
    case 'sum':
      return keeping(
        jit((a: Values) => np.sum(a)),
        [known(jax)(task.operand)],
      );
    case 'adam': {
      const gradient = known(jax)(task.gradient);
      const update = jit((x: Values, m: Values, v: Values, g: Values, t: Values) =>
        adamUpdate(np, x, m, v, g, t, task.optimizer.learningRate),
      );
      const x = known(jax)(task.parameter);
      let state = [x, np.zerosLike(x.ref), np.zerosLike(x.ref)];
      let steps = 0;
      return {
        run: async () => {
          state = update(state[0], state[1], state[2], gradient.ref, np.array(++steps));
          await jax.blockUntilReady(state);
          return undefined;
        },
        result: () => dataOf(state[0].ref),
        dispose: () => {
          jax.tree.dispose([...state, gradient]);
        },
      };
    }
    case 'training':
      return training(jax, task);
    case 'inference': {
      const { forward, parameters } = modelOf(jax, placed(task.network));
      const model = jit((parameters: Values[], x: Values) => forward(parameters, x));
      const image = floats(task.input);
      let logits: ArrayLike<number> = [];
      return {
        run: async () => {
          const x = np.array(image).reshape([...task.input.shape]);
          logits = await dataOf(
            model(
              parameters.map((parameter) => parameter.ref),
              x,
            ),
          );
          return undefined;
        },
        result: () => logits,
      };
    }
  }
}

/** Its type of data names an array that TypeScript does not know yet. */
const dataOf = (values: Values): Promise<ArrayLike<number>> => values.data() as Promise<ArrayLike<number>>;

/** Holds the last result and lets go of the one before. */
function keeping(fn: (...operands: Values[]) => Values, operands: readonly Values[]): Runner {
  let result: Values | undefined;
  return {
    run: async () => {
      result?.dispose();
      result = fn(...operands.map((operand) => operand.ref));
      await result.blockUntilReady();
      return undefined;
    },
    result: () => (result === undefined ? [] : dataOf(result.ref)),
    dispose: () => {
      for (const operand of operands) operand.dispose();
      result?.dispose();
    },
  };
}

function passOf({ lax, vjp }: Jax, { pass, padding }: ConvolutionPass) {
  const convolve = (x: Values, w: Values): Values => conv2d(lax, x, w, padding);
  return (x: Values, w: Values, dy: Values): Values => {
    if (pass === 'forward') {
      dy.dispose();
      return convolve(x, w);
    }
    const [y, pullback] = vjp(convolve, [x, w]);
    y.dispose();
    const [dx, dw] = pullback(dy);
    pullback.dispose();
    if (pass === 'byData') {
      dw.dispose();
      return dx;
    }
    dx.dispose();
    return dw;
  };
}

function conv2d(lax: Jax['lax'], x: Values, w: Values, padding: number): Values {
  return lax.convGeneralDilated(
    x,
    w,
    [1, 1],
    [
      [padding, padding],
      [padding, padding],
    ],
  );
}

type Np = Jax['numpy'];

function adamUpdate(np: Np, x: Values, m: Values, v: Values, g: Values, t: Values, rate: number): Values[] {
  const { beta1, beta2, epsilon } = ADAM;
  const nextM = m.mul(beta1).add(g.ref.mul(1 - beta1));
  const nextV = v.mul(beta2).add(np.square(g).mul(1 - beta2));
  const correction = (beta: number, t: Values): Values => np.subtract(1, np.exp(t.mul(Math.log(beta))));
  const mean = nextM.ref.div(correction(beta1, t.ref));
  const deviation = np.sqrt(nextV.ref.div(correction(beta2, t)));
  return [x.sub(mean.mul(rate).div(deviation.add(epsilon))), nextM, nextV];
}

function training(jax: Jax, { network, loss, optimizer, inputs, targets }: Training): Runner {
  const { jit, numpy: np, nn, random } = jax;
  const layers = placed(network);
  const { forward, parameters: initial } = modelOf(jax, layers);
  const classes = layers[layers.length - 1].output[0];
  const x = known(jax)(inputs);
  const y = loss === 'crossEntropy' ? nn.oneHot(known(jax)(targets), classes) : known(jax)(targets);
  const lossOf = (parameters: Values[], x: Values, y: Values, keys: Values[]): Values => {
    const scores = forward(parameters, x, keys);
    return loss === 'crossEntropy'
      ? np.mean(np.sum(nn.logSoftmax(scores, -1).mul(y), -1)).mul(-1)
      : np.mean(np.square(scores.sub(y)));
  };
  const { learningRate } = optimizer;
  const momentum = optimizer.name === 'sgd' ? optimizer.momentum : 0;
  const step = jit(
    (parameters: Values[], state: Values[][], x: Values, y: Values, counts: Values[], keys: Values[]) => {
      const [value, gradient] = jax.valueAndGrad(lossOf)(
        parameters.map((parameter) => parameter.ref),
        x,
        y,
        keys,
      ) as [Values, Values[]];
      if (counts.length > 0) {
        const [t] = counts;
        const updated = parameters.map((parameter, i) =>
          adamUpdate(np, parameter, state[0][i], state[1][i], gradient[i], t.ref, learningRate),
        );
        t.dispose();
        return {
          value,
          parameters: updated.map(([next]) => next),
          state: [updated.map(([, m]) => m), updated.map(([, , v]) => v)],
        };
      }
      const steps = gradient.map((g, i) =>
        state.length > 0 ? state[0][i].mul(momentum).sub(g.mul(learningRate)) : g.mul(-learningRate),
      );
      return {
        value,
        parameters: parameters.map((parameter, i) =>
          parameter.add(state.length > 0 ? steps[i].ref : steps[i]),
        ),
        state: state.length > 0 ? [steps] : [],
      };
    },
  );
  const states = optimizer.name === 'adam' ? 2 : momentum > 0 ? 1 : 0;
  const isRandom = layers.some(({ layer }) => layer.kind === 'dropout');
  let parameters = initial;
  let state = Array.from({ length: states }, () => initial.map((value) => np.zerosLike(value.ref)));
  let steps = 0;
  return {
    run: async () => {
      steps++;
      const next = step(
        parameters,
        state,
        x.ref,
        y.ref,
        optimizer.name === 'adam' ? [np.array(steps)] : [],
        isRandom ? [random.key(steps)] : [],
      );
      ({ parameters, state } = next);
      return (await dataOf(next.value))[0];
    },
    dispose: () => {
      jax.tree.dispose([parameters, state, x, y]);
    },
  };
}

type Forward = (parameters: Values[], x: Values, keys?: readonly Values[]) => Values;

function modelOf(jax: Jax, layers: readonly PlacedLayer[]): { forward: Forward; parameters: Values[] } {
  const { lax, nn, numpy: np, random } = jax;
  const parameters = layers.flatMap(({ parameters }) => parameters.map(known(jax)));
  const channels = (values: Values): Values => values.reshape([1, -1, 1, 1]);
  const apply = (
    { layer, input }: PlacedLayer,
    x: Values,
    own: Values[],
    keys: readonly Values[],
  ): Values => {
    switch (layer.kind) {
      case 'linear':
        return np.matmul(x, np.transpose(own[0])).add(own[1]);
      case 'convolution':
        return conv2d(lax, x, own[0], layer.padding).add(channels(own[1]));
      case 'maxPool': {
        const [c, h, w] = input;
        return np.max(x.reshape([-1, c, h / 2, 2, w / 2, 2]), [3, 5]);
      }
      case 'batchNorm': {
        const centred = x.ref.sub(np.mean(x, [0, 2, 3], { keepdims: true }));
        const variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
        return centred
          .div(np.sqrt(variance.add(EPSILON)))
          .mul(channels(own[0]))
          .add(channels(own[1]));
      }
      case 'dropout': {
        if (keys.length === 0) return x;
        const keep = random.bernoulli(keys[0].ref, 1 - layer.rate, x.shape);
        return np.where(keep, x.mul(1 / (1 - layer.rate)), 0);
      }
      case 'flatten':
        return x.reshape([x.shape[0], -1]);
      case 'relu':
        return nn.relu(x);
      case 'tanh':
        return np.tanh(x);
    }
  };
  const forward: Forward = (parameters, x, keys = []) => {
    let used = 0;
    const result = layers.reduce((value, layer) => {
      const own = parameters.slice(used, (used += layer.parameters.length));
      return apply(layer, value, own, keys);
    }, x);
    for (const key of keys) key.dispose();
    return result;
  };
  return { forward, parameters };
}

const known =
  ({ numpy: np }: Jax) =>
  (numbers: Numbers): Values =>
    np.array(numbers.integers ? integers(numbers) : floats(numbers)).reshape([...numbers.shape]);
