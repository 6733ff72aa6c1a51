// Adds up the reports of all test runs, prints `N passed, N failed`, and fails if a test failed or none ran.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folders = (/** @type {string} */ parent) => readdirSync(parent).map((name) => join(parent, name));
const reports = [...folders('packages'), ...folders('apps'), 'integration']
  .map((workspace) => join(workspace, 'reports'))
  .filter((folder) => existsSync(folder))
  .flatMap(folders);

let passed = 0;
let failed = 0;
for (const report of reports) {
  /** @type {{ testResults: { status: string, assertionResults: { status: string }[] }[] }} */
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
  for (const file of testResults) {
    const count = (/** @type {string} */ status) =>
      file.assertionResults.filter((assertion) => assertion.status === status).length;
    passed += count('passed');
    failed += count('failed');
    // A file that could not be loaded, or whose hooks failed, has no failed test of its own.
    if (file.status === 'failed' && count('failed') === 0) failed += 1;
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
