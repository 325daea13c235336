import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, REPOSITORY, runNote } from './launcher';
import { until } from '../../support/until';

/** `script` of util-linux runs a command on a pseudo-terminal. */
const hasScript = spawnSync('script', ['--version']).status === 0;

let dataDir: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'arcadia-terminal-'));
  chmodSync(dataDir, 0o755);
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

it('prints short lines, progress and a framed summary on a terminal, and no JSON (D4)', async () => {
  if (!hasScript) return console.warn('SKIPPED: npm start on a terminal, there is no program script (util-linux)');
  const { PATH = '', HOME = '' } = process.env;
  const env = { PATH, HOME, ARCADIA_ENV_FILE: '', NO_COLOR: '1', DATA_DIR: dataDir, ...(await freePorts()) };
  const terminal = spawn('script', ['-qec', `${process.execPath} apps/cli/entry.mjs up`, '/dev/null'], { env, cwd: REPOSITORY });
  const hasEnded = () => terminal.exitCode !== null || terminal.signalCode !== null;
  let printed = '';
  terminal.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString().replaceAll('\r', '')));
  const isSummarised = () => {
    if (hasEnded()) throw new Error(`npm start ended before its summary:\n${printed}`);
    return printed.includes('── Ctrl-C ends it');
  };
  await until(isSummarised, { withinMs: Infinity, what: 'the summary' });
  process.kill(runNote(dataDir).pids.launcher ?? 0, 'SIGTERM');
  await until(hasEnded, { what: 'the end of npm start' });
  expect(printed).toMatch(/^\d\d:\d\d:\d\d start {5}starting PostgreSQL/m);
  expect(printed).toMatch(/^\d\d:\d\d:\d\d worker {4}worker_started$/m);
  expect(printed).toMatch(/^\d\d:\d\d:\d\d worker {4}drained$/m);
  expect(printed).toMatch(/^── arcadia-cloud is running ─+\nconsole: http:.*\napi: http:.*\n(\w+: .*\n){10}curl: curl -s .*\n── Ctrl-C/m);
  expect(printed).not.toMatch(/^\{|\u001b/m); // eslint-disable-line no-control-regex
});
