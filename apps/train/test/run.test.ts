import { portable, setBackend } from '@downhill/tensor';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../src/run.js';
import { readSettings } from '../src/settings.js';

afterAll(() => {
  setBackend(portable());
});

/** The lines that one epoch prints. */
async function linesOf(...words: string[]): Promise<string[]> {
  let text = '';
  const output = { write: (more: string) => (text += more) };
  const settings = readSettings(['--epochs', '1', ...words]);
  const [accuracy] = await run(settings, output, new AbortController().signal);
  expect(accuracy).toBeGreaterThan(0.8);
  return text.trimEnd().split('\n');
}

const END = [/^test accuracy \d\d\.\d\d % after epoch 1$/, /^where the time went: .*steps .* in all$/];

describe('npm run train', () => {
  it('ends with the test accuracy and where the time went', async () => {
    const lines = await linesOf();
    END.forEach((line, i) => expect(lines.at(i - 2)).toMatch(line));
    expect(lines.some((line) => line.includes('kernel'))).toBe(false);
  });

  it('tells how long each kernel of a step took, if asked to', async () => {
    const lines = await linesOf('--profile', '--seeds', '2', '--batch', '300');
    const [start, ...others] = lines.flatMap((line, i) => (line.includes('kernel by kernel') ? [i] : []));
    expect(others).toEqual([]);
    // Of a whole batch, though the last one of an epoch has 200.
    expect(lines[start]).toBe('a step of 300 digits, kernel by kernel:');
    const [title, ...rows] = lines.slice(start + 1, -3);
    expect(title).toMatch(/^kernel +operations +loops +flops +bytes +ms +GF\/s +GB\/s +of ceiling$/);
    // Forward through the first layer: 300 times 784 times 256 products and sums.
    expect(rows.some((row) => Number(/\] +(\d+) /.exec(row)?.[1]) >= 2 * 300 * 784 * 256)).toBe(true);
    expect(rows.at(-1)).toMatch(/^\d+ kernels, \d+ buffers, arena of \d+ bytes, .* [\d.]+ ms$/);
    expect(lines.at(-3)).toMatch(/^test accuracy \d\d\.\d\d % after epoch 1$/);
    expect(lines.at(-2)).toMatch(/^mean test accuracy of 2 seeds/);
    expect(lines.at(-1)).toMatch(/^where the time went: .*profile .* in all$/);
  });
});
