import { until } from '../../support/until';
import { PLATFORM } from '../../support/principals';
import { ACME, newProvisioningWorld, ORDER, type ProvisioningWorld } from '../../support/provisioning-world';
import { HOUR_MS, KINDS, lateCommit, lateWriteCases, MODES, record, RECORDS, ZONE, type Case } from './late-write-cases';

const ADMIN = { by: { sub: 'ada', role: 'platform_admin' } } as const;
/** Objects for each kind of write and each way in which its saga ends. */
const OBJECTS = Number(process.env.LATE_WRITES ?? (process.env.TEST_LONG ? 67 : 1));

let world: ProvisioningWorld;
let cases: ReturnType<typeof lateWriteCases>;
beforeAll(async () => {
  world = await newProvisioningWorld({ REAPER_GRACE_MS: '600000' });
  cases = lateWriteCases(world);
  await world.simulator.change({ domains: [{ name: ZONE }], members: [{ project_id: ACME, urn: `do:domain:${ZONE}` }] });
  await world.sweeps.run('dns_zone', { trigger: 'manual' });
  await world.sweeps.run('project', { trigger: 'manual' });
});
afterAll(() => world.close());
afterEach(forgetWrites);

async function forgetWrites(): Promise<void> {
  const isIdle = async () => (await world.database.query('select 1 from saga_runs where wake_at is not null')).length === 0;
  await until(isIdle, { what: 'the end of the sagas that undo' });
  await world.simulator.faults([]);
  await world.asOwner('truncate saga_writes');
}

/** Starts a saga whose next write gets no answer, cancels it then, and waits for its end. */
async function cancelAfterLostWrite(kind: string, input: Record<string, unknown>, tenantId: string | null = 'acme'): Promise<string> {
  const id = await world.start(kind, input, tenantId);
  await until(async () => ((await world.simulator.fired()).late ?? 0) > 0, { what: 'the write without an answer' });
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
it('undoes a change of a record that took effect after its saga was rolled back, with its TTL (E2) [SAG-9, SAG-14]', async () => {
  await cases.setRecords({ type: 'A', name: 'api', data: '203.0.113.1', ttl: 300 });
  await world.simulator.faults([lateCommit('late', 'PATCH', `${RECORDS}/*`)]);
  await cancelAfterLostWrite('upsert_dns_record', record('A', 'api', '203.0.113.2', { dns_record_ttl: 60 }));
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await cases.zone()).includes('A api 203.0.113.2 60'), { what: 'the late change' });
  await reapUntil(async () => (await cases.zone()).includes('A api 203.0.113.1 300'), 'the previous record');
  expect(await cases.zone()).toHaveLength(1);
});

it('creates a record again that a late delete removed (E2) [SAG-9, SAG-14]', async () => {
  await cases.setRecords({ type: 'MX', name: '@', data: 'mail.example', priority: 10, ttl: 300 });
  await world.simulator.faults([lateCommit('late', 'DELETE', `${RECORDS}/*`)]);
  await cancelAfterLostWrite('delete_dns_record', record('MX', '@', 'mail.example', { dns_record_priority: 10 }));
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await cases.zone()).length === 0, { what: 'the late delete' });
  await reapUntil(async () => (await cases.zone()).includes('MX @ mail.example 300'), 'the previous record');
  await world.reap();
  await world.reap();
  expect(await cases.zone()).toHaveLength(1);
});

it('reports a record that a late delete removed when another one has taken its place (E2) [SAG-9]', async () => {
  await cases.setRecords({ type: 'A', name: 'api', data: '203.0.113.1' });
  await world.simulator.faults([lateCommit('late', 'DELETE', `${RECORDS}/*`)]);
  const id = await cancelAfterLostWrite('delete_dns_record', record('A', 'api', '203.0.113.1'));
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await cases.zone()).length === 0, { what: 'the late delete' });
  await world.run('upsert_dns_record', record('A', 'api', '203.0.113.9'));
  await reapUntil(async () => (await world.reader.get(PLATFORM, id)).leftovers.length > 0, 'the report');
  expect((await world.reader.get(PLATFORM, id)).leftovers).toMatchObject([{ step: 'delete_record', error: { code: 'late_write' } }]);
  expect(await cases.zone()).toEqual(['A api 203.0.113.9 1800']);
});

it('keeps what a newer saga wrote when the first change of an older one takes effect later (E2) [SAG-9]', async () => {
  await cases.setRecords({ type: 'CNAME', name: 'www', data: 'one.example' });
  await world.simulator.faults([lateCommit('late', 'PATCH', `${RECORDS}/*`)]);
  const older = await world.run('upsert_dns_record', record('CNAME', 'www', 'two.example'));
  expect(older.status).toBe('completed');
  expect((await world.run('upsert_dns_record', record('CNAME', 'www', `${ZONE}.`))).status).toBe('completed');
  const wanted = await cases.zone();
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await cases.zone()).includes('CNAME www two.example 1800'), { what: 'the late change' });
  await reapUntil(async () => (await cases.zone()).join() === wanted.join(), 'the data of the newer saga');
});

it('keeps what a newer saga wrote when the change of a compensation takes effect later (E2) [SAG-9]', async () => {
  await cases.setRecords({ type: 'A', name: 'api', data: '203.0.113.1' });
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
  await until(async () => (await cases.zone()).includes('A api 203.0.113.1 1800'), { what: 'the late change' });
  await reapUntil(async () => (await cases.zone()).includes('A api 203.0.113.3 1800'), 'the data of the newer saga');
});

it('restores the field that a newer saga did not set (E2) [SAG-9]', async () => {
  await cases.setRecords({ type: 'A', name: 'api', data: '203.0.113.1', ttl: 300 });
  await world.simulator.faults([lateCommit('late', 'PATCH', `${RECORDS}/*`)]);
  await cancelAfterLostWrite('upsert_dns_record', record('A', 'api', '203.0.113.2', { dns_record_ttl: 60 }));
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await cases.zone()).includes('A api 203.0.113.2 60'), { what: 'the late change' });
  expect((await world.run('upsert_dns_record', record('A', 'api', '203.0.113.3'))).status).toBe('completed');
  await reapUntil(async () => (await cases.zone()).includes('A api 203.0.113.3 300'), 'the previous TTL');
  expect(await cases.zone()).toHaveLength(1);
});

it('leaves a value alone that a newer saga has ordered, although a late write set it too (E2) [SAG-9]', async () => {
  await cases.setRecords({ type: 'A', name: 'api', data: '203.0.113.1' });
  await world.simulator.faults([lateCommit('late', 'PATCH', `${RECORDS}/*`)]);
  await cancelAfterLostWrite('upsert_dns_record', record('A', 'api', '203.0.113.2'));
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await cases.zone()).includes('A api 203.0.113.2 1800'), { what: 'the late change' });
  const newer = await world.run('upsert_dns_record', record('A', 'api', '203.0.113.2'));
  expect(newer.steps[0]).toMatchObject({ status: 'skipped' });
  await world.reap();
  await world.reap();
  expect(await cases.zone()).toEqual(['A api 203.0.113.2 1800']);
  expect(await world.database.query(`select 1 from saga_runs where kind = 'undo_late_write' and wake_at is not null`)).toEqual([]);
});

it('watches an unanswered write until the lag bound and the grace period have passed, and no longer (E2) [SAG-9]', async () => {
  await cases.setRecords({ type: 'A', name: 'api', data: '203.0.113.1' });
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
  await cases.setRecords({ type: 'A', name: 'api', data: '203.0.113.1', ttl: 300 });
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
  await until(async () => (await cases.zone()).length === 2, { what: 'the late create' });
  await reapUntil(async () => (await cases.zone()).length === 1, 'one record');
  expect(await cases.zone()).toEqual(['A api 203.0.113.1 300']);
  expect((await world.reader.get(PLATFORM, id)).leftovers).toEqual([]);
});

it('powers a machine on again that a late power_off stopped (E2) [SAG-9]', async () => {
  const { resourceId, dropletId } = await cases.aDroplet();
  await world.simulator.faults([lateCommit('late', 'POST', `/v2/droplets/${dropletId}/actions`)]);
  await cancelAfterLostWrite('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  await world.simulator.advance(HOUR_MS);
  const status = async () => (await cases.dropletsById()).get(dropletId)?.status;
  await until(async () => (await status()) === 'off', { what: 'the late power_off' });
  await reapUntil(async () => (await status()) === 'active', 'the machine being on');
  expect(await world.database.query(`select status from saga_runs where kind = 'undo_late_write' order by id desc limit 1`)).toHaveLength(
    1,
  );
});

it('reports a resize that took effect late, because only an outage can undo it (E2) [SAG-9]', async () => {
  const { resourceId, dropletId } = await cases.aDroplet();
  await world.simulator.faults([lateCommit('late', 'POST', `/v2/droplets/${dropletId}/actions`, 2)]);
  const id = await cancelAfterLostWrite('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  const status = async () => (await cases.dropletsById()).get(dropletId)?.status;
  await world.simulator.call('POST', `/v2/droplets/${dropletId}/actions`, { type: 'power_off' });
  await until(async () => (await status()) === 'off', { what: 'the machine being off' });
  await world.simulator.advance(HOUR_MS);
  await until(async () => (await cases.dropletsById()).get(dropletId)?.size_slug === 's-2vcpu-4gb', { what: 'the late resize' });
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

it(`leaves no unreported difference after late writes of each kind, cancelled, killed or followed by a newer saga, ${OBJECTS} of each (E2) [SAG-9, SAG-14]`, async () => {
  const landed = new Map<string, number>();
  for (let round = 0; round < OBJECTS; round += 1) {
    const order = KINDS.flatMap((kind) => MODES.map((mode) => ({ kind, mode })));
    for (const kind of await oneOfEach(order, round * order.length)) landed.set(kind, (landed.get(kind) ?? 0) + 1);
    await forgetWrites();
    await world.simulator.setDroplets([]); // each look at the account reads all of them
  }
  console.log(`late writes: ${JSON.stringify(Object.fromEntries(landed))}`);
  expect([...landed]).toEqual(KINDS.map((kind) => [kind, OBJECTS * MODES.length]));
}, 7_200_000);

/** Five unanswered writes in a row open the circuit breaker, which is right and takes longer each time: the other writes wait behind it. */
const closeBreaker = () =>
  world.asOwner('update provider_tokens set failures_in_row = 0, open_since = null, next_probe_at = null, recovering_since = null');

/** Starts the saga of each case, and cancels it as soon as its write got no answer. Returns the sagas when all have ended. */
async function cancelOnceLost(all: readonly Case[]): Promise<string[]> {
  const ids = await Promise.all(all.map((one) => one.first()));
  const waiting = new Set(all.keys());
  await until(
    async () => {
      await closeBreaker();
      const fired = await world.simulator.fired();
      const lost = [...waiting].filter((nr) => (fired[all[nr]?.rule.id ?? ''] ?? 0) > 0);
      await Promise.all(lost.map((nr) => world.controls.cancel(PLATFORM, ids[nr] ?? '', ADMIN)));
      const killed = lost.filter((nr) => all[nr]?.mode === 'kill').map((nr) => ids[nr]);
      if (killed.length > 0)
        await world.asOwner('update saga_runs set epoch = epoch + 1, lease_until = null where id = any ($1)', [killed]);
      for (const nr of lost) waiting.delete(nr);
      return waiting.size === 0;
    },
    { what: 'the writes without an answer' },
  );
  world.engine.wake();
  for (const id of ids) expect((await world.ended(id)).status).toBe('rolled_back');
  return ids;
}

/** Lets the first write of each case take effect late, and waits until each one is undone or reported. Returns the kinds whose writes landed. */
async function oneOfEach(order: readonly { kind: (typeof KINDS)[number]; mode: Case['mode'] }[], first: number): Promise<string[]> {
  const records = order.flatMap(({ kind }, nr) => (kind.startsWith('record') ? [first + nr] : []));
  await cases.setRecords(
    ...records.map((nr) => ({ id: 1_800_000_000 + nr, type: 'A', name: `host-${nr}`, data: '203.0.113.1', ttl: 300 })),
  );
  for (const nr of order.keys()) await world.simulator.call('POST', '/v2/tags', { name: `web-${first + nr}` });
  const all = await Promise.all(order.map(({ kind, mode }, nr) => cases.aCase(kind, mode, first + nr)));
  const before = await Promise.all(all.map((one) => one.state()));
  await world.simulator.faults(all.map(({ rule }) => rule));
  const ids = await cancelOnceLost(all);
  await world.simulator.faults([]);
  await Promise.all(all.filter(({ mode }) => mode === 'newer').map(({ newer }) => newer()));
  const expected = await Promise.all(all.map((one) => one.state()));
  const statesIn = (states: readonly unknown[]) =>
    all.flatMap(({ kind, mode }, nr) => (mode === 'newer' ? [] : [{ kind, state: states[nr] }]));
  expect(statesIn(expected)).toEqual(statesIn(before));
  await world.simulator.advance(HOUR_MS);
  const landed: string[] = [];
  const isChanged = async (nr: number) => JSON.stringify(await all[nr]?.state()) !== JSON.stringify(expected[nr]);
  for (const [nr, { kind, mode }] of all.entries()) {
    await until(() => isChanged(nr), { what: `the late ${kind} after ${mode}`, withinMs: 20_000 });
    landed.push(kind);
  }
  for (const [nr, { kind, mode }] of all.entries()) {
    const isReported = async () => (await world.reader.get(PLATFORM, ids[nr] ?? '')).leftovers.length > 0;
    await reapUntil(async () => !(await isChanged(nr)) || (await isReported()), `the end of the late ${kind} after ${mode}`);
  }
  return landed;
}
