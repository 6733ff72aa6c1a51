/** Runs in a worker of a page: what one thread and two compute there. */
import { compile, generator, matmul, random, setBackend, stopGradient, variable } from '@downhill/tensor';
import type { WasmBackend } from '../src/index.js';
import { wasm } from '../src/index.js';
import { losses } from './xor.js';

export interface Answer {
  readonly threads: number;
  readonly losses: readonly number[];
  readonly product: { readonly one: ArrayLike<number>; readonly two: ArrayLike<number> };
}

/** A product large enough to be divided. */
function product(backend: WasmBackend): ArrayLike<number> {
  setBackend(backend);
  const source = generator(5);
  const draw = (): ReturnType<typeof variable> =>
    variable(stopGradient(random.normal([301, 203], { generator: source })));
  const [a, b] = [draw(), draw()];
  return compile(() => matmul(a, b.transpose()).tanh())().dataSync();
}

const one = await wasm({ threads: 1 });
const two = await wasm({ threads: 2 });
const answer: Answer = {
  threads: two.threads,
  losses: losses(two, true),
  product: { one: product(one), two: product(two) },
};
two.close();
postMessage(answer);
