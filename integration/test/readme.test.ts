import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { portable, setBackend } from '@downhill/tensor';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const examples = fileURLToPath(new URL('../.examples/', import.meta.url));
const packages = readdirSync(`${root}packages`);

/** The first block of TypeScript in a README: a whole program. */
function exampleOf(readme: string): string {
  const block = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(readme, 'utf8'));
  if (block === null) throw new Error(`${readme} has no example`);
  return block[1];
}

/** Runs a program and returns what it printed. */
async function run(name: string, program: string): Promise<string[]> {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((...values: unknown[]) => {
    lines.push(values.map(String).join(' '));
  });
  mkdirSync(examples, { recursive: true });
  writeFileSync(`${examples}${name}.ts`, program);
  await import(/* @vite-ignore */ `${examples}${name}.ts`);
  return lines;
}

/** What a program says it prints: the comments behind its console.log lines that begin with an arrow. */
function promised(program: string): string[] {
  return [...program.matchAll(/console\.log\(.*\);\s*\/\/ → (.*)$/gm)].map(([, text]) => text);
}

describe('examples run as they stand', () => {
  beforeEach(() => {
    setBackend(portable());
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('the README learns XOR', async () => {
    const [loss] = await run('root', exampleOf(`${root}README.md`));
    expect(Number(loss)).toBeLessThan(0.01);
  });

  test.each(packages)('%s prints what it promises', async (name) => {
    const program = exampleOf(`${root}packages/${name}/README.md`);
    const printed = await run(name, program);
    expect(promised(program).length).toBeGreaterThan(0);
    expect(printed).toEqual(promised(program));
  });
});
