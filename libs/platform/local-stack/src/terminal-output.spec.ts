import { formatLogLine, formatOwnLine, frameSummary, wantsColours } from './terminal-output';

const LINE = JSON.stringify({
  time: '2026-05-01T10:20:30.000Z',
  kind: 'droplet',
  event: 'sweep_ended',
  status: 'complete',
  sweep_id: '01a1fb99-9888-75e1-ac7b-2ba9bf969a9f',
  seen: 62,
  level: 'log',
  pid: 4711,
  context: 'Sweeps',
});
const nameOf = (pid: number) => (pid === 4711 ? 'worker' : String(pid));

it('prints a JSON line as time, process, event and a few fields', () => {
  expect(formatLogLine(LINE, nameOf, false)).toMatch(/^\d\d:\d\d:\d\d worker {4}sweep_ended kind=droplet status=complete seen=62$/);
});

it('colours warnings yellow and errors red, with the first line of the stack', () => {
  const warning = JSON.stringify({ time: '2026-05-01T10:20:30Z', event: 'job_failed', code: 'rate_limited', level: 'warn', pid: 1 });
  expect(formatLogLine(warning, nameOf, true)).toContain('\u001b[33mjob_failed\u001b[0m');
  const error = JSON.stringify({ time: '2026-05-01T10:20:30Z', event: 'start_failed', level: 'error', stack: 'Error: no\n  at x', pid: 1 });
  expect(formatLogLine(error, nameOf, true)).toMatch(/\u001b\[31mstart_failed\u001b\[0m Error: no$/); // eslint-disable-line no-control-regex
});

it.each(['migrate: the schema is up to date', '{"not":"a log line"}', '{broken'])('prints %s unchanged', (text) => {
  expect(formatLogLine(text, nameOf, true)).toBe(text);
});

it("prints the simulator's lines, which have neither time nor pid", () => {
  const line = JSON.stringify({ event: 'listening', url: 'http://127.0.0.1:4008' });
  expect(formatLogLine(line, nameOf, false)).toMatch(/^\d\d:\d\d:\d\d simulator listening url=http:\/\/127.0.0.1:4008$/);
});

it('shortens long values', () => {
  const long = JSON.stringify({ time: 'x', event: 'listening', url: 'u'.repeat(500), pid: 4711 });
  expect(formatLogLine(long, nameOf, false).length).toBeLessThan(130);
});

it('keeps the lines of the summary unchanged inside the frame', () => {
  const summary = 'api: http://127.0.0.1:4005\ncurl: curl -s x\n';
  const lines = frameSummary(summary, true).split('\n');
  expect(lines.slice(1, 3).join('\n')).toBe(summary.trimEnd());
});

it('uses no colours when NO_COLOR is set or the terminal is dumb', () => {
  expect([{}, { NO_COLOR: '' }, { NO_COLOR: '1' }, { TERM: 'dumb' }].map(wantsColours)).toEqual([true, true, false, false]);
  expect(formatOwnLine('stopping', new Date(), false)).not.toContain('\u001b');
});
