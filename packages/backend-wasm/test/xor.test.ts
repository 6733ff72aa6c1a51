import { portable } from '@downhill/tensor';
import { expect, test } from 'vitest';
import { wasm } from '../src/index.js';
import { losses } from './xor.js';

test('XOR is learnt, with the same losses with and without compile, on either backend', async () => {
  const reference = losses(portable(), false);
  expect(reference[200]).toBeLessThan(0.01);
  for (const backend of [portable(), await wasm()]) {
    for (const compiled of [true, false]) {
      losses(backend, compiled).forEach((loss, i) => {
        expect(Math.abs(loss - reference[i]), `step ${i}, ${backend.name}`).toBeLessThan(1e-5);
      });
    }
  }
});
