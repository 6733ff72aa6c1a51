import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const packages = readdirSync(new URL('../../packages/', import.meta.url));

test.each(packages)('the built @downhill/%s can be imported by plain Node', (name) => {
  const program = `console.log(Object.keys(await import('@downhill/${name}')).length)`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('../', import.meta.url)),
    encoding: 'utf8',
  });
  expect(Number(printed)).toBeGreaterThan(0);
});
