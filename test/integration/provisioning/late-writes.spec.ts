import { randomInt } from 'node:crypto';
import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { ACME, newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';

const ADMIN = { by: { sub: 'ada', role: 'platform_admin' } } as const;
const ZONE = 'shop.example';
const RECORDS = `/v2/domains/${ZONE}/records`;
const HOUR_MS = 3_600_000;
/** Objects for each kind of write and each way in which its saga ends. */
const OBJECTS = process.env.TEST_LONG ? 67 : 1;

let world: ProvisioningWorld;
beforeAll(async () => {
  world = await newProvisioningWorld({ REAPER_GRACE_MS: '600000' });
  await world.simulator.change({ domains: [{ name: ZONE }], members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }] });
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  await world.sweeps.run('project', { trigger: 'manual' });
});
afterAll(() => world.close());
afterEach(async () => {
  const isIdle = async () => (await world.database.query('select 1 from saga_runs where wake_at is not null')).length === 0;
  await until(isIdle, { what: 'the end of the sagas that undo' });
  await world.simulator.faults([]);
  await world.asOwner('truncate saga_writes');
});

const lateCommit = (id: string, method: string, path: string, nth?: number) => ({
  id,
  match: { method, path, ...(nth !== undefined && { nth }) },
  times: 1,
  effect: { type: 'late_commit', status: 504, ms: HOUR_MS },
});
const setRecords = (...records: Record<string, unknown>[]) =>
  world.simulator.change({
    domain_records: records.map((record, nth) => ({ id: 1_800_000_000 + nth, domain: ZONE, ttl: 1800, ...record })),
  });
const zone = async () =>
  (await world.simulator.account()).domain_records.map(({ type, name, data, ttl }) => `${type} ${name} ${data} ${ttl}`).sort();
const record = (type: string, name: string, data: string, more: Record<string, unknown> = {}) => ({
  dns_domain: ZONE,
  dns_record_type: type,
  dns_record_name: name,
  dns_record_data: data,
  ...more,
});
/** Starts a saga whose next write gets no answer, cancels it then, and waits for its end. */
async function cancelAfterLostWrite(kind: string, input: Record<string, unknown>, tenantId: string | null = 'acme'): Promise<string> {
  const id = await world.start(kind, input, tenantId);
  await until(async () => (await world.simulator.fired()).late === 1, { what: 'the write without an answer' });
  await world.controls.cancel(PLATFORM, id, ADMIN);
  world.engine.wake();
  expect((await world.ended(id)).status).toBe('rolled_back');
  return id;
}
const reapUntil = (condition: () => Promise<boolean>, what: string) =>
  until(
    async () => {
      await world.reap();
      return condition();
    },
    { what },
  );
const dropletsById = async () => new Map((await world.simulator.droplets()).map((droplet) => [droplet.id, droplet]));
async function aDroplet(name = 'web-1'): Promise<{ resourceId: string; dropletId: number }> {
  const { context } = await world.run('provision_droplet', { ...ORDER, name });
  const { droplet_id } = context.create_droplet as { droplet_id: string };
  return { resourceId: (context.register_droplet as { resource_id: string }).resource_id, dropletId: Number(droplet_id) };
}
const desire = (resourceId: string, fields: Record<string, unknown>) =>
  world.asOwner('update cloud_provisioned set spec = spec || $2, version = version + 1 where resource_id = $1', [
    resourceId,
    JSON.stringify(fields),
  ]);

it('undoes a change of a record that took effect after its saga was rolled back, with its TTL (E2) [SAG-9, SAG-14]', async () => {
  await setRecords({ type: 'A', name: 'api', data: '203.0.113.1', ttl: 300 });
  await world.simulator.faults([lateCommit('late', 'PATCH', `${RECORDS}/*`)]);
  await cancelAfterLostWrite('upsert_dns_record', record('A', 'api', '203.0.113.2', { dns_record_ttl: 60 }));
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await zone()).includes('A api 203.0.113.2 60'), { what: 'the late change' });
  await reapUntil(async () => (await zone()).includes('A api 203.0.113.1 300'), 'the previous record');
  expect(await zone()).toHaveLength(1);
});

it('creates a record again that a late delete removed (E2) [SAG-9, SAG-14]', async () => {
  await setRecords({ type: 'MX', name: '@', data: 'mail.example', priority: 10, ttl: 300 });
  await world.simulator.faults([lateCommit('late', 'DELETE', `${RECORDS}/*`)]);
  await cancelAfterLostWrite('delete_dns_record', record('MX', '@', 'mail.example', { dns_record_priority: 10 }));
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await zone()).length === 0, { what: 'the late delete' });
  await reapUntil(async () => (await zone()).includes('MX @ mail.example 300'), 'the previous record');
  await world.reap();
  await world.reap();
  expect(await zone()).toHaveLength(1);
});

it('reports a record that a late delete removed when another one has taken its place (E2) [SAG-9]', async () => {
  await setRecords({ type: 'A', name: 'api', data: '203.0.113.1' });
  await world.simulator.faults([lateCommit('late', 'DELETE', `${RECORDS}/*`)]);
  const id = await cancelAfterLostWrite('delete_dns_record', record('A', 'api', '203.0.113.1'));
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await zone()).length === 0, { what: 'the late delete' });
  await world.run('upsert_dns_record', record('A', 'api', '203.0.113.9'));
  await reapUntil(async () => (await world.reader.get(PLATFORM, id)).leftovers.length > 0, 'the report');
  expect((await world.reader.get(PLATFORM, id)).leftovers).toMatchObject([{ step: 'delete_record', error: { code: 'late_write' } }]);
  expect(await zone()).toEqual(['A api 203.0.113.9 1800']);
});

it('keeps what a newer saga wrote when the first change of an older one takes effect later (E2) [SAG-9]', async () => {
  await setRecords({ type: 'CNAME', name: 'www', data: 'one.example' });
  await world.simulator.faults([lateCommit('late', 'PATCH', `${RECORDS}/*`)]);
  const older = await world.run('upsert_dns_record', record('CNAME', 'www', 'two.example'));
  expect(older.status).toBe('completed');
  expect((await world.run('upsert_dns_record', record('CNAME', 'www', `${ZONE}.`))).status).toBe('completed');
  const wanted = await zone();
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await zone()).includes('CNAME www two.example 1800'), { what: 'the late change' });
  await reapUntil(async () => (await zone()).join() === wanted.join(), 'the data of the newer saga');
});

it('keeps what a newer saga wrote when the change of a compensation takes effect later (E2) [SAG-9]', async () => {
  await setRecords({ type: 'A', name: 'api', data: '203.0.113.1' });
  await world.simulator.faults([{ id: 'hold', match: { method: 'PATCH', path: `${RECORDS}/*` }, effect: { type: 'hold' } }]);
  const id = await world.start('upsert_dns_record', record('A', 'api', '203.0.113.2'));
  await until(async () => (await world.simulator.held()) === 1, { what: 'the blocked write' });
  await world.controls.cancel(PLATFORM, id, ADMIN);
  await world.simulator.faults([lateCommit('late', 'PATCH', `${RECORDS}/*`, 1)]);
  world.engine.wake();
  expect((await world.ended(id)).status).toBe('rolled_back');
  expect(await world.simulator.fired()).toEqual({ late: 1 });
  expect((await world.run('upsert_dns_record', record('A', 'api', '203.0.113.3'))).status).toBe('completed');
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await zone()).includes('A api 203.0.113.1 1800'), { what: 'the late change' });
  await reapUntil(async () => (await zone()).includes('A api 203.0.113.3 1800'), 'the data of the newer saga');
});

it('restores the field that a newer saga did not set (E2) [SAG-9]', async () => {
  await setRecords({ type: 'A', name: 'api', data: '203.0.113.1', ttl: 300 });
  await world.simulator.faults([lateCommit('late', 'PATCH', `${RECORDS}/*`)]);
  await cancelAfterLostWrite('upsert_dns_record', record('A', 'api', '203.0.113.2', { dns_record_ttl: 60 }));
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await zone()).includes('A api 203.0.113.2 60'), { what: 'the late change' });
  expect((await world.run('upsert_dns_record', record('A', 'api', '203.0.113.3'))).status).toBe('completed');
  await reapUntil(async () => (await zone()).includes('A api 203.0.113.3 300'), 'the previous TTL');
  expect(await zone()).toHaveLength(1);
});

it('leaves a value alone that a newer saga has ordered, although a late write set it too (E2) [SAG-9]', async () => {
  await setRecords({ type: 'A', name: 'api', data: '203.0.113.1' });
  await world.simulator.faults([lateCommit('late', 'PATCH', `${RECORDS}/*`)]);
  await cancelAfterLostWrite('upsert_dns_record', record('A', 'api', '203.0.113.2'));
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await zone()).includes('A api 203.0.113.2 1800'), { what: 'the late change' });
  const newer = await world.run('upsert_dns_record', record('A', 'api', '203.0.113.2'));
  expect(newer.steps[0]).toMatchObject({ status: 'skipped' });
  await world.reap();
  await world.reap();
  expect(await zone()).toEqual(['A api 203.0.113.2 1800']);
  expect(await world.database.query(`select 1 from saga_runs where kind = 'undo_late_write' and wake_at is not null`)).toEqual([]);
});

it('watches an unanswered write until the lag bound and the grace period have passed, and no longer (E2) [SAG-9]', async () => {
  await setRecords({ type: 'A', name: 'api', data: '203.0.113.1' });
  await world.simulator.faults([lateCommit('late', 'PATCH', `${RECORDS}/*`)]);
  await cancelAfterLostWrite('upsert_dns_record', record('A', 'api', '203.0.113.2'));
  await world.reap();
  const writes = () => world.database.query('select 1 from saga_writes');
  expect(await writes()).not.toEqual([]);
  await world.asOwner(`update saga_writes set sent_at = sent_at - interval '1 hour'`);
  await world.reap();
  expect(await writes()).toEqual([]);
});

it('removes the record that a compensation created twice, because its first create took effect late (E2) [SAG-14]', async () => {
  await setRecords({ type: 'A', name: 'api', data: '203.0.113.1', ttl: 300 });
  await world.simulator.faults([
    { id: 'lost', match: { method: 'DELETE', path: `${RECORDS}/*` }, times: 1, effect: { type: 'lose_answer' } },
    lateCommit('late', 'POST', RECORDS),
  ]);
  const id = await world.start('delete_dns_record', record('A', 'api', '203.0.113.1'));
  await until(async () => (await world.simulator.fired()).lost === 1, { what: 'the lost answer' });
  await world.controls.cancel(PLATFORM, id, ADMIN);
  world.engine.wake();
  expect((await world.ended(id)).status).toBe('rolled_back');
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await zone()).length === 2, { what: 'the late create' });
  await reapUntil(async () => (await zone()).length === 1, 'one record');
  expect(await zone()).toEqual(['A api 203.0.113.1 300']);
  expect((await world.reader.get(PLATFORM, id)).leftovers).toEqual([]);
});

it('powers a machine on again that a late power_off stopped (E2) [SAG-9]', async () => {
  const { resourceId, dropletId } = await aDroplet();
  await world.simulator.faults([lateCommit('late', 'POST', `/v2/droplets/${dropletId}/actions`)]);
  await cancelAfterLostWrite('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  await world.simulator.advance(HOUR_MS);
  const status = async () => (await dropletsById()).get(dropletId)?.status;
  await until(async () => (await status()) === 'off', { what: 'the late power_off' });
  await reapUntil(async () => (await status()) === 'active', 'the machine being on');
  expect(await world.database.query(`select status from saga_runs where kind = 'undo_late_write' order by id desc limit 1`)).toHaveLength(
    1,
  );
});

it('reports a resize that took effect late, because only an outage can undo it (E2) [SAG-9]', async () => {
  const { resourceId, dropletId } = await aDroplet();
  await world.simulator.faults([lateCommit('late', 'POST', `/v2/droplets/${dropletId}/actions`, 2)]);
  const id = await cancelAfterLostWrite('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  const status = async () => (await dropletsById()).get(dropletId)?.status;
  await world.simulator.call('POST', `/v2/droplets/${dropletId}/actions`, { type: 'power_off' });
  await until(async () => (await status()) === 'off', { what: 'the machine being off' });
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await dropletsById()).get(dropletId)?.size_slug === 's-2vcpu-4gb', { what: 'the late resize' });
  await reapUntil(async () => (await world.reader.get(PLATFORM, id)).leftovers.length > 0, 'the report');
  expect((await world.reader.get(PLATFORM, id)).leftovers).toMatchObject([{ step: 'resize', error: { code: 'late_write' } }]);
});

it('reports a move to a project that took effect late, when a person has moved the droplet on since (E2) [SAG-6, SAG-9]', async () => {
  await world.simulator.faults([lateCommit('late', 'POST', `/v2/projects/${ACME}/resources`)]);
  const { id, status, context } = await world.run('provision_droplet', { ...ORDER, name: 'moved-1', project_id: world.projectId });
  expect(status).toBe('completed');
  expect(await world.simulator.fired()).toEqual({ late: 1 });
  const urn = `do:droplet:${(context.create_droplet as { droplet_id: string }).droplet_id}`;
  const projectOf = async () => (await world.simulator.account()).members.find((member) => member.urn === urn)?.project_id;
  await world.simulator.call('POST', '/v2/projects/default/resources', { resources: [urn] });
  await until(async () => (await projectOf()) !== ACME, { what: 'the move by a person' });
  await world.sweeps.run('project', { trigger: 'manual' });
  await world.reap();
  expect((await world.reader.get(PLATFORM, id)).leftovers).toEqual([]);
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await projectOf()) === ACME, { what: 'the late move' });
  await reapUntil(async () => (await world.reader.get(PLATFORM, id)).leftovers.length > 0, 'the report');
  expect((await world.reader.get(PLATFORM, id)).leftovers).toMatchObject([{ step: 'assign_project', error: { code: 'late_write' } }]);
  await world.reap();
  expect((await world.reader.get(PLATFORM, id)).leftovers).toHaveLength(1);
});

/** One object of the random run: how its saga writes it, and its state at the provider. */
interface Case {
  readonly kind: string;
  readonly mode: 'cancel' | 'kill' | 'newer';
  readonly rule: ReturnType<typeof lateCommit>;
  readonly first: () => Promise<string>;
  /** Orders another value after the first saga has ended. */
  readonly newer: () => Promise<unknown>;
  readonly state: () => Promise<unknown>;
}

const KINDS = ['record update', 'record delete', 'power', 'rename', 'tags', 'backups'] as const;
const MODES = ['cancel', 'kill', 'newer'] as const;

async function aCase(kind: (typeof KINDS)[number], mode: Case['mode'], nr: number): Promise<Case> {
  const id = `late-${nr}`;
  const name = `host-${nr}`;
  if (kind === 'record update' || kind === 'record delete') {
    const recordId = 1_800_000_000 + nr;
    const isUpdate = kind === 'record update';
    return {
      kind,
      mode,
      rule: lateCommit(id, isUpdate ? 'PATCH' : 'DELETE', `${RECORDS}/${recordId}`),
      first: () =>
        isUpdate
          ? world.start('upsert_dns_record', record('A', name, '203.0.113.2', { dns_record_ttl: 60 }), null)
          : world.start('delete_dns_record', record('A', name, '203.0.113.1'), null),
      newer: () => world.run('upsert_dns_record', record('A', name, '203.0.113.3'), null),
      state: async () => (await zone()).filter((line) => line.startsWith(`A ${name} `)),
    };
  }
  const { resourceId, dropletId } = await aDroplet(name);
  const fields = { power: {}, rename: { name: `other-${nr}` }, tags: { tags: ['web'] }, backups: { backups: true } }[kind];
  const revert = (spec: Record<string, unknown>) => async () => {
    await desire(resourceId, spec);
    return world.start('revert_droplet', { resource_id: resourceId, fields: Object.keys(spec) }, null);
  };
  const resize = () => world.start('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' }, null);
  return {
    kind,
    mode,
    rule: lateCommit(id, 'POST', kind === 'tags' ? '/v2/tags/*/resources' : `/v2/droplets/${dropletId}/actions`),
    first: kind === 'power' ? resize : revert(fields),
    newer: async () => {
      const spec = {
        power: { name: `newer-${nr}` },
        rename: { name: `newer-${nr}` },
        tags: { tags: ['db'] },
        backups: { name: `newer-${nr}` },
      }[kind];
      const saga = await world.ended(await revert(spec)());
      expect(saga.status).toBe('completed');
    },
    state: async () => {
      const droplet = (await dropletsById()).get(dropletId);
      return droplet && [droplet.name, droplet.status, droplet.size_slug, droplet.features.includes('backups'), [...droplet.tags].sort()];
    },
  };
}

it(`leaves no unreported difference after late writes of each kind, cancelled, killed or followed by a newer saga, ${OBJECTS} of each (E2) [SAG-9, SAG-14]`, async () => {
  const seed = Number(process.env.FUZZ_SEED ?? randomInt(1_000_000));
  const order = Array.from({ length: OBJECTS }, () => KINDS.flatMap((kind) => MODES.map((mode) => ({ kind, mode })))).flat();
  order.sort((a, b) => ((seed % 7) - 3) * `${a.kind}${a.mode}`.localeCompare(`${b.kind}${b.mode}`));
  await setRecords();
  await world.simulator.change({
    domain_records: order.flatMap(({ kind }, nr) =>
      kind.startsWith('record')
        ? [{ id: 1_800_000_000 + nr, domain: ZONE, type: 'A', name: `host-${nr}`, data: '203.0.113.1', ttl: 300 }]
        : [],
    ),
  });
  await world.simulator.call('POST', '/v2/tags', { name: 'web' });
  const landed = new Map<string, number>();
  for (const [nr, { kind, mode }] of order.entries()) {
    const one = await aCase(kind, mode, nr);
    const before = await one.state();
    await world.simulator.faults([one.rule]);
    const id = await one.first();
    await until(async () => (await world.simulator.fired())[one.rule.id] === 1, { what: `the unanswered ${kind} (seed ${seed})` });
    if (mode === 'kill') await world.asOwner('update saga_runs set epoch = epoch + 1, lease_until = null where id = $1', [id]);
    await world.controls.cancel(PLATFORM, id, ADMIN);
    world.engine.wake();
    expect((await world.ended(id)).status).toBe('rolled_back');
    if (mode === 'newer') await one.newer();
    const expected = await one.state();
    expect(mode === 'newer' || JSON.stringify(expected) === JSON.stringify(before)).toBe(true);
    await world.simulator.advance(HOUR_MS);
    const isReported = async () => (await world.reader.get(PLATFORM, id)).leftovers.length > 0;
    const isChanged = async () => JSON.stringify(await one.state()) !== JSON.stringify(expected);
    await until(isChanged, { what: `the late ${kind} after ${mode} (seed ${seed})`, withinMs: 20_000 });
    landed.set(kind, (landed.get(kind) ?? 0) + 1);
    await reapUntil(async () => !(await isChanged()) || (await isReported()), `the end of the late ${kind} after ${mode} (seed ${seed})`);
  }
  expect([...landed.keys()].sort()).toEqual([...KINDS].sort());
}, 3_000_000);
