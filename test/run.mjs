// Runs the named groups of tests one after the other (`node test/run.mjs unit integration e2e`), all of them even
// after a failure, and ends with one line that counts the tests of all groups.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'nb-test-'));
let passed = 0;
let failed = 0;
for (const group of process.argv.slice(2)) {
  const report = join(folder, `${group}.json`);
  const args = [
    'vitest',
    'run',
    '--project',
    group,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
  const { status } = spawnSync('npx', args, { stdio: 'inherit' });
  const counts = readCounts(report);
  passed += counts.numPassedTests;
  failed += counts.numFailedTests;
  // A file that cannot be loaded fails without a test of its own.
  if (status !== 0 && counts.numFailedTests === 0) failed += 1;
}
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function readCounts(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { numPassedTests: 0, numFailedTests: 0 };
  }
}
