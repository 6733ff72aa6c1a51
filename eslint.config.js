import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import boundaries from 'eslint-plugin-boundaries';
import { importX } from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const root = import.meta.dirname;
const folders = (/** @type {string} */ parent) =>
  readdirSync(join(root, parent)).map((name) => `${parent}/${name}`);

/**
 * The law of the house: what the sources of each package may import. Arrows point down only.
 * Tests may use more, as far as their package.json declares it: turbo refuses cycles.
 *
 * @type {Record<string, string[]>}
 */
const arrows = {
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

/** Packages that run wherever JavaScript does: neither Node's modules nor a page's globals. */
const anywhere = [
  'tensor',
  'autograd',
  'layers',
  'optimizers',
  'schedules',
  'gradient-check',
  'regularization',
  'convnets',
  'formats',
];

const workspaces = [...folders('packages'), ...folders('apps'), 'benchmarks', 'integration'];

export default defineConfig(
  globalIgnores([
    '**/dist/',
    '**/reports/',
    '**/coverage/',
    '**/.turbo/',
    '**/.examples/',
    // Configurations that tsup and vitest bundle beside their source for a moment: gone before they are read.
    '**/*.config.bundled_*',
    '**/*.config.*.timestamp-*',
  ]),
  {
    files: ['**/*.{ts,tsx,js}'],
    extends: [tseslint.configs.recommendedTypeChecked, importX.flatConfigs.typescript],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: root } },
    settings: {
      // Resolves `@downhill/*` to sources, by the paths of tsconfig.json: linting needs no build.
      'import-x/resolver-next': [createTypeScriptImportResolver({ project: join(root, 'tsconfig.json') })],
    },
    rules: {
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      '@typescript-eslint/no-implied-eval': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'import-x/no-relative-packages': 'error',
    },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
  {
    files: ['packages/*/src/**'],
    plugins: { boundaries },
    settings: {
      'boundaries/root-path': root,
      'boundaries/elements': Object.keys(arrows).map((name) => ({ type: name, pattern: `packages/${name}` })),
      'import/resolver': { typescript: { project: join(root, 'tsconfig.json') } },
    },
    rules: {
      'no-console': ['error', { allow: ['warn'] }],
      'boundaries/no-unknown-files': 'error',
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          checkUnknownLocals: true,
          policies: Object.entries(arrows).map(([name, allowed]) => ({
            from: { element: { type: name } },
            allow: { to: { element: { types: { anyOf: allowed } } } },
          })),
        },
      ],
    },
  },
  {
    // How all are built and tested, and where a browser is, is written down once, at the root.
    files: ['**/*.config.ts', 'apps/demo/test/site.ts'],
    rules: { 'import-x/no-relative-packages': 'off' },
  },
  {
    files: anywhere.map((name) => `packages/${name}/src/**`),
    // The entry for Node alone.
    ignores: ['packages/formats/src/node.ts'],
    rules: {
      'import-x/no-nodejs-modules': 'error',
      'no-restricted-globals': ['error', 'process', 'Buffer', 'window', 'document', 'navigator'],
    },
  },
  ...workspaces.map((folder) => ({
    files: [`${folder}/**`],
    rules: {
      'import-x/no-extraneous-dependencies': [
        'error',
        {
          // The tools that all share (vitest, fast-check, tsup) are declared at the root.
          packageDir: [join(root, folder), root],
          devDependencies: ['**/test/**', '**/*.config.ts', '**/vite/**', '**/benchmarks/src/**'],
          includeInternal: true,
          includeTypes: true,
        },
      ],
    },
  })),
);
