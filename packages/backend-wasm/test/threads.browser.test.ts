import { portable } from '@downhill/tensor';
import { expect, test } from 'vitest';
import { wasm } from '../src/index.js';
import type { Answer } from './browser-worker.js';
import { losses } from './xor.js';

test('on a page itself, which may not wait, there is one thread', async () => {
  expect((await wasm({ threads: 2 })).threads).toBe(1);
});

test('in a worker of a cross-origin isolated page there are as many as asked for, and they compute the same', async () => {
  const worker = new Worker(new URL('./browser-worker.ts', import.meta.url), { type: 'module' });
  const answer = await new Promise<Answer>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      resolve(data);
    };
    worker.onerror = ({ message }) => {
      reject(new Error(message));
    };
  });
  worker.terminate();
  expect(answer.threads).toBe(2);
  expect(answer.product.two).toEqual(answer.product.one);
  const expected = losses(portable(), true);
  answer.losses.forEach((loss, i) => {
    expect(Math.abs(loss - expected[i]), `step ${i}`).toBeLessThan(1e-5);
  });
});
