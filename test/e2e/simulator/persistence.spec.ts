import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatorClient } from '../../support/simulator-client';
import { spawnSimulator } from '../../support/simulator-world';
import { clientOf, newTestWorld } from '../../support/simulator-world';

const SPEC = { size: 's-1vcpu-1gb', image: 'debian-12-x64', tags: ['kept'] };

describe('the stored state', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'simulator-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const stateFile = (): string => join(folder, 'simulator', readdirSync(join(folder, 'simulator'))[0] ?? '');

  it('survives kill -9 during writes: every acknowledged create is stored, with lags, limits, clock and pending events', async () => {
    const first = spawnSimulator({ DATA_DIR: folder });
    const url = await first.listening;
    const control = new SimulatorClient(url);
    await control.change({ lags: { droplet_listed_ms: 3_600_000 }, limits: { per_minute: 100_000 } });
    await control.advance(86_400_000);
    const call = clientOf(url, 'dop_v1_simulator');
    const answered: number[] = [];
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; ; n++) {
        const { body } = await call('POST', '/v2/droplets', { ...SPEC, name: `w${writer}-${n}` });
        if (body.droplet === undefined) return;
        answered.push(body.droplet.id);
        if (answered.length === 40) first.child.kill('SIGKILL');
      }
    });
    await Promise.allSettled(writers);
    expect(await first.ended).toBe('SIGKILL');
    expect(answered.length).toBeGreaterThanOrEqual(40);

    const second = spawnSimulator({ DATA_DIR: folder });
    const again = new SimulatorClient(await second.listening);
    const account = await again.account();
    const stored = new Set(account.droplets.map(({ id }) => id));
    expect(answered.filter((id) => !stored.has(id))).toEqual([]);
    expect(account).toMatchObject({
      lags: { droplet_listed_ms: 3_600_000 },
      limits: { per_minute: 100_000 },
      clock: { offset_ms: 86_400_000 },
    });
    const reading = clientOf(await second.listening, 'dop_v1_simulator');
    expect((await reading('GET', '/v2/droplets')).body.meta.total).toBe(60);
    await again.advance(3_600_000);
    expect((await reading('GET', '/v2/droplets?tag_name=kept')).body.meta.total).toBe(account.droplets.length - 62);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });

  it('is the same after a restart, and ids continue where they ended', async () => {
    const before = await newTestWorld({ dataDir: folder });
    await before.call('POST', '/v2/droplets', { ...SPEC, name: 'a' });
    await before.control.advance(60_000);
    const account = await before.control.account();
    await before.close();
    const after = await newTestWorld({ dataDir: folder, seed: 99 });
    expect(await after.control.account()).toEqual(account);
    const { body } = await after.call('POST', '/v2/droplets', { ...SPEC, name: 'b' });
    expect(body.droplet.id).toBeGreaterThan(account.counters.droplet);
    await after.close();
  });

  it('drops a torn last line, and nothing else', async () => {
    const before = await newTestWorld({ dataDir: folder });
    await before.call('POST', '/v2/tags', { name: 'whole' });
    await before.close();
    appendFileSync(stateFile(), '[["put","tags",{"name":"to');
    const after = await newTestWorld({ dataDir: folder });
    expect((await after.call('GET', '/v2/tags/whole')).status).toBe(200);
    await after.call('POST', '/v2/tags', { name: 'later' });
    await after.close();
    const last = await newTestWorld({ dataDir: folder });
    expect((await last.call('GET', '/v2/tags/later')).status).toBe(200);
    await last.close();
  });

  it('refuses a file that is damaged in the middle instead of guessing', async () => {
    await (await newTestWorld({ dataDir: folder })).close();
    const lines = readFileSync(stateFile(), 'utf8').split('\n');
    writeFileSync(stateFile(), ['garbage', ...lines].join('\n'));
    await expect(newTestWorld({ dataDir: folder })).rejects.toThrow('damaged at line 1');
  });

  it('keeps changes and resets through the control API, in one file', async () => {
    const before = await newTestWorld({ dataDir: folder });
    await before.control.reset({ empty: true });
    await before.control.change({ droplets: [{ name: 'put-there' }] });
    await before.call('POST', '/v2/tags', { name: 'after-the-put' });
    await before.close();
    expect(readdirSync(join(folder, 'simulator'))).toHaveLength(1);
    const after = await newTestWorld({ dataDir: folder });
    expect((await after.call('GET', '/v2/droplets')).body.droplets.map(({ name }) => name)).toEqual(['put-there']);
    expect((await after.call('GET', '/v2/tags/after-the-put')).status).toBe(200);
    await after.close();
  });

  it('keeps the records of a domain, and their ids continue', async () => {
    const path = '/v2/domains/kept.example/records';
    const before = await newTestWorld({ dataDir: folder, empty: true });
    await before.call('POST', '/v2/domains', { name: 'kept.example', ip_address: '203.0.113.7' });
    const { id } = (await before.call('POST', path, { type: 'TXT', name: '@', data: 'gone' })).body.domain_record;
    await before.call('DELETE', `${path}/${id}`);
    const { domain_records } = (await before.call('GET', path)).body;
    await before.close();
    const after = await newTestWorld({ dataDir: folder, empty: true });
    expect((await after.call('GET', path)).body.domain_records).toEqual(domain_records);
    const again = await after.call('POST', path, { type: 'TXT', name: '@', data: 'gone' });
    expect(again.body.domain_record.id).toBeGreaterThan(id);
    await after.close();
  });

  it('executes a late commit after kill and restart', async () => {
    const before = await newTestWorld({ dataDir: folder, empty: true });
    await before.control.faults([{ match: { method: 'POST' }, effect: { type: 'late_commit', ms: 60_000 } }]);
    await expect(before.call('POST', '/v2/droplets', { ...SPEC, name: 'late' })).rejects.toThrow('fetch failed');
    await before.close();
    const after = await newTestWorld({ dataDir: folder, empty: true });
    await after.control.advance(120_000);
    expect((await after.call('GET', '/v2/droplets')).body.droplets).toMatchObject([{ name: 'late', created_at: expect.any(String) }]);
    await after.close();
  });
});
