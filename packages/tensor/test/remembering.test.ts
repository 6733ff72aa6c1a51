import { expect, test } from 'vitest';
import { remembering } from '../src/remembering.js';

test('what is remembered is computed once for each object, whatever it is', () => {
  const asked: object[] = [];
  const sizeOf = remembering((list: readonly number[]) => {
    asked.push(list);
    return list.length > 0 ? list.length : undefined;
  });
  const [two, none] = [[1, 2], []];
  expect([sizeOf(two), sizeOf(none), sizeOf(two), sizeOf(none), sizeOf([1, 2])]).toEqual([
    2,
    undefined,
    2,
    undefined,
    2,
  ]);
  expect(asked).toEqual([two, none, [1, 2]]);
});

test('a computation that throws is tried again', () => {
  let fails = true;
  const answer = remembering<object, number>(() => {
    if (fails) throw new Error('not yet');
    return 42;
  });
  const key = {};
  expect(() => answer(key)).toThrow('not yet');
  fails = false;
  expect(answer(key)).toBe(42);
});
