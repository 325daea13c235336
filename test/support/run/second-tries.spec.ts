import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../..');

/** Runs jest on a suite in which this many tests fail on their first try. */
function runWith(flaky: number): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'arcadia-second-tries-'));
  try {
    const test = (nth: number) => `let tries${nth} = 0; it('fails once ${nth}', () => { tries${nth} += 1; expect(tries${nth}).toBe(2); });`;
    writeFileSync(
      join(folder, 'flaky.test.js'),
      ['jest.retryTimes(1);', `it('never fails', () => undefined);`, ...Array.from({ length: flaky }, (_, nth) => test(nth + 1))].join(
        '\n',
      ),
    );
    const reporters = ['default', join(ROOT, 'test/support/run/second-tries.reporter.cjs')];
    writeFileSync(join(folder, 'jest.config.json'), JSON.stringify({ rootDir: folder, reporters, transform: {} }));
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js');
    const { status, stderr } = spawnSync(process.execPath, [jest, '-c', join(folder, 'jest.config.json')], {
      encoding: 'utf8',
      cwd: folder,
    });
    return { status, output: stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

it('lists every test that needed a second try, and passes a run with two', () => {
  const { status, output } = runWith(2);
  expect(output).toMatch(/Passed only when tried again \(2, at most 2 are allowed\):\n.*fails once 1 \(try 2\)\n.*fails once 2 \(try 2\)/);
  expect(status).toBe(0);
});

it('fails a run in which more than two tests needed a second try', () => {
  const { status, output } = runWith(3);
  expect(output).toContain('3 tests needed a second try, 2 are allowed');
  expect(status).toBe(1);
});

it('prints nothing when no test needed a second try', () => {
  const { status, output } = runWith(0);
  expect(output).not.toContain('tried again');
  expect(status).toBe(0);
});
