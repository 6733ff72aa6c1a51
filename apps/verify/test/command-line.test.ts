import { describe, expect, it } from 'vitest';
import { readRequest, UsageError } from '../src/command-line.js';
import { experiments } from '../src/experiments/index.js';

const named = (name: string) => ({ ...experiments[0], name });
const list = ['a', 'b', 'c'].map(named);
const names = (words: string[]): string[] => readRequest(words, list).experiments.map(({ name }) => name);

describe('the command line', () => {
  it('runs all experiments, or those that are named, in their own order', () => {
    expect(names([])).toEqual(['a', 'b', 'c']);
    expect(names(['--only', 'b'])).toEqual(['b']);
    expect(names(['--only=c, a'])).toEqual(['a', 'c']);
  });

  it('knows whether to list, and whether to forget', () => {
    expect(readRequest(['--list'], list)).toMatchObject({ list: true, fresh: false });
    expect(readRequest(['--fresh'], list)).toMatchObject({ list: false, fresh: true });
  });

  it('knows how many threads, if that is said', () => {
    expect(readRequest([], list).threads).toBeUndefined();
    expect(readRequest(['--threads', '3'], list).threads).toBe(3);
  });

  it.each([
    ["--threads: expected a whole number of at least 1, got '0'", ['--threads', '0']],
    ["--threads: expected a whole number of at least 1, got 'all'", ['--threads=all']],
    ["there is no experiment 'd'; the experiments are a, b, c", ['--only', 'd']],
    ["there is no experiment ''", ['--only=']],
    ['--olny is not an option; the options are --only, --list, --fresh, --threads', ['--olny', 'a']],
    ['a is not an option', ['a']],
  ])('says what is wrong: %s', (message, words) => {
    expect(() => readRequest(words, list)).toThrow(UsageError);
    expect(() => readRequest(words, list)).toThrow(message);
  });
});

it('the names of experiments are file names, and each has its own', () => {
  const all = experiments.map(({ name }) => name);
  expect(new Set(all).size).toBe(all.length);
  for (const name of all) expect(name).toMatch(/^[a-z0-9-]+$/);
});
