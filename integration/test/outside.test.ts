import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test(
  'a rule written outside the repository, against the packed packages alone, trains the digits network',
  { timeout: 180_000 },
  () => {
    const printed = execFileSync(process.execPath, ['test/outside/main.js', 'train'], {
      cwd: fileURLToPath(new URL('../', import.meta.url)),
      encoding: 'utf8',
    });
    const { accuracy, packages } = JSON.parse(printed) as { accuracy: number; packages: string };
    expect(packages).toMatch(/downhill-outside-.*\/node_modules\/@downhill\/optimizers\/dist\/index\.js$/);
    expect(accuracy).toBeGreaterThan(0.9);
  },
);
