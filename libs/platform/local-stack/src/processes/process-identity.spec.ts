import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { commandLine, identityOf, isAlive, isStillRunning } from './process-identity';

it('knows this process and what it was called with', () => {
  const me = identityOf(process.pid);
  expect(me && isStillRunning(me)).toBe(true);
  expect(commandLine(process.pid)).toContain('node');
});

it('tells a process from a later one with the same pid', () => {
  const me = identityOf(process.pid);
  expect(me && isStillRunning({ ...me, started: 'earlier' })).toBe(false);
});

it('knows that a process has ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  const { pid = 0 } = child;
  const known = identityOf(pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect([isAlive(pid), identityOf(pid), known && isStillRunning(known), commandLine(pid)]).toEqual([false, undefined, false, '']);
});
