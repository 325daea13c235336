import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { commandLine, identityOf, isAlive, isStillRunning } from './process-identity';

it('identifies this process and reads its command line', () => {
  const me = identityOf(process.pid);
  expect(me && isStillRunning(me)).toBe(true);
  expect(commandLine(process.pid)).toContain('node');
});

it('distinguishes a process from a later one with the same pid', () => {
  const me = identityOf(process.pid);
  expect(me && isStillRunning({ ...me, started: 'earlier' })).toBe(false);
});

it('reports a killed process as ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  const { pid = 0 } = child;
  const known = identityOf(pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect([isAlive(pid), identityOf(pid), known && isStillRunning(known), commandLine(pid)]).toEqual([false, undefined, false, '']);
});
