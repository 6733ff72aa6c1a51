import { expect, test } from 'vitest';

test('the page that the browser tests run in is cross-origin isolated, so threads are possible', () => {
  expect(crossOriginIsolated).toBe(true);
  expect(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer).toBeInstanceOf(
    SharedArrayBuffer,
  );
});
