import { Logger } from '@nestjs/common';
import { JsonLogger, redact, withLogFields } from './json-logger';

describe('a log line', () => {
  let lines: string[];
  const written = (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const catchLine = (text: unknown): boolean => lines.push(String(text)) > 0;

  beforeEach(() => {
    lines = [];
    jest.spyOn(process.stdout, 'write').mockImplementation(catchLine);
    jest.spyOn(process.stderr, 'write').mockImplementation(catchLine);
    Logger.overrideLogger(new JsonLogger('log'));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    Logger.overrideLogger(false);
  });

  it('is one JSON object with the event and its fields', () => {
    new Logger('Sweep').log({ event: 'sweep_ended', kind: 'droplet', seen: 60 });
    expect(written()).toEqual([
      {
        time: expect.stringMatching(/Z$/),
        event: 'sweep_ended',
        kind: 'droplet',
        seen: 60,
        level: 'log',
        pid: process.pid,
        context: 'Sweep',
      },
    ]);
  });

  it('has the fields of the current work, of inner and outer work, and none after its end', async () => {
    const log = new Logger('Sweep');
    await withLogFields({ request_id: 'r1' }, () =>
      withLogFields({ sweep_id: 's1' }, async () => {
        await Promise.resolve();
        log.warn({ event: 'inside' });
      }),
    );
    log.warn({ event: 'outside' });
    expect(written()).toEqual([
      expect.objectContaining({ event: 'inside', request_id: 'r1', sweep_id: 's1', level: 'warn' }),
      expect.not.objectContaining({ request_id: 'r1' }),
    ]);
  });

  it('keeps an error with its stack on the one line', () => {
    new Logger('Sweep').error({ event: 'sweep_failed' }, new Error('no').stack);
    expect(lines).toHaveLength(1);
    expect(written()[0]).toMatchObject({ event: 'sweep_failed', level: 'error', stack: expect.stringContaining('Error: no') });
  });

  it('names the class as its source does, whatever the packer called it', () => {
    for (const name of ['SweepService_1', 'SweepService2', '_SweepService']) new Logger(name).log({ event: 'sweep_ended' });
    expect(written().map(({ context }) => context)).toEqual(['SweepService', 'SweepService', 'SweepService']);
  });

  it('is left out below the level, as a start-up line of the framework is', () => {
    new Logger('_InstanceLoader').log('ConfigModule dependencies initialized');
    new Logger('Sweep').debug({ event: 'detail' });
    expect(lines).toEqual([]);
  });

  it('contains no secret in any of its fields [TEN-8]', () => {
    new Logger('Sweep').log({ event: 'x', headers: { authorization: 'Bearer abc.def.0123456789' }, url: 'postgres://app:hunter2@db/x' });
    expect(lines.join('')).not.toMatch(/abc\.def|hunter2/);
  });
});

describe('redact [TEN-8]', () => {
  it.each([
    ['dop_v1_0123abc', '[token]'],
    ['token=doo_v1_0123abc;', 'token=[token];'],
    ['x-vault-token: hvs.CAESIJ-0123_abc', 'x-vault-token: [token]'],
    ['Authorization: Bearer abc-def.ghi-0123456789', 'Authorization: Bearer [token]'],
    ['eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiIxIn0.c2ln', '[jwt]'],
    ['postgresql://app:hunter2@db:5432/arcadia', 'postgresql://[login]@db:5432/arcadia'],
    ['redis://:hunter3@cache', 'redis://[login]@cache'],
    ['https://api.digitalocean.com/v2/droplets', 'https://api.digitalocean.com/v2/droplets'],
    ['bearer of news', 'bearer of news'],
  ])('turns %s into %s', (text, clean) => {
    expect(redact(text)).toBe(clean);
  });
});
