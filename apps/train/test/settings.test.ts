import { describe, expect, it } from 'vitest';
import { readSettings, UsageError } from '../src/settings.js';

describe('the command line', () => {
  it('has defaults for everything', () => {
    expect(readSettings([])).toEqual({
      epochs: 10,
      seed: 1,
      seeds: 1,
      batch: 64,
      learningRate: 3e-3,
      backend: 'wasm',
      profile: false,
    });
  });

  it('is read with spaces and with equals signs', () => {
    const words = [
      '--epochs',
      '3',
      '--seed=7',
      '--seeds',
      '2',
      '--batch=32',
      '--learningRate',
      '1e-4',
      '--backend=portable',
      '--profile',
    ];
    expect(readSettings(words)).toEqual({
      epochs: 3,
      seed: 7,
      seeds: 2,
      batch: 32,
      learningRate: 1e-4,
      backend: 'portable',
      profile: true,
    });
    expect(readSettings(['--learning-rate', '0.5']).learningRate).toBe(0.5);
  });

  it.each([
    ['--epoch is not an option', ['--epoch', '3']],
    ['-e is not an option', ['-e', '3']],
    ['fast is not an option', ['fast']],
    ["--epochs: expected a whole number of at least 1, got '0'", ['--epochs', '0']],
    ["--epochs: expected a whole number of at least 1, got '2.5'", ['--epochs', '2.5']],
    ["--epochs: expected a whole number of at least 1, got ''", ['--epochs=']],
    ["--batch: expected a whole number of at least 1, got 'many'", ['--batch', 'many']],
    ["--seed: expected a whole number of at least 0, got '-1'", ['--seed=-1']],
    ["--learningRate: expected a number above 0, got '0'", ['--learningRate', '0']],
  ])('says what is wrong: %s', (message, words) => {
    expect(() => readSettings(words)).toThrow(UsageError);
    expect(() => readSettings(words)).toThrow(message);
  });

  it('names the backends there are', () => {
    expect(() => readSettings(['--backend', 'gpu'])).toThrow(/wasm.*portable/);
  });
});
