import { DriftDetectionService, DriftRevertService, DriftService } from '#libs/drift';
import { SagaVerbs, type SagaPlan, type SagaView } from '#libs/saga';
import { ADMIN, PLATFORM } from '../../support/principals';
import { newProvisioningWorld, type ProvisioningWorld } from '../../support/provisioning-world';
import { SeededRandom } from '../../support/seeded-random';
import { until } from '../../support/until';
import { casesOfEachKind, type ProductCase } from './product-cases';

const ROUNDS = Number(process.env.PRODUCT_ROUNDS ?? (process.env.TEST_LONG ? 200 : 1));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
/** More often than a step sends a write. */
const ALWAYS = 1_000;
const HOUR_MS = 3_600_000;

let world: ProvisioningWorld;
let used = 0;
beforeAll(async () => {
  world = await newProvisioningWorld({ SAGA_OPEN_PER_TENANT: '1000', REAPER_GRACE_MS: '600000' });
});
afterAll(() => world.close());
afterEach(() => world.simulator.faults([]));

interface Started extends ProductCase {
  readonly id: string;
  readonly plan: SagaPlan;
  readonly before: unknown;
}

async function newCases(): Promise<ProductCase[]> {
  const cases = await casesOfEachKind(world, used);
  used += cases.length;
  return cases;
}

async function begin(cases: readonly ProductCase[]): Promise<Started[]> {
  const account = await world.simulator.account();
  const started: Started[] = [];
  for (const one of cases) {
    const plan = await world.starts.plan({ kind: one.kind, input: one.input, tenantId: one.tenantId });
    expect({ kind: one.kind, refusal: plan.refusal }).toEqual({ kind: one.kind, refusal: undefined });
    const id = await world.starts.start({
      kind: one.kind,
      input: one.input,
      tenantId: one.tenantId,
      planHash: plan.plan_hash,
      because: ADMIN,
    });
    started.push({ ...one, id, plan, before: one.state(account) });
  }
  world.engine.wake();
  return started;
}

const ruleOf = ({ label, write }: ProductCase, effect: { type: string; status?: number; ms?: number; after?: 'effect' }, times = 1) => ({
  id: label,
  match: write,
  times,
  effect,
});

/** Waits for the end of every saga, and compares it and what it left at the provider. */
async function expectEnds(started: readonly Started[], statusOf: (one: Started) => string): Promise<SagaView[]> {
  const sagas: SagaView[] = [];
  for (const one of started) {
    const saga = await world.ended(one.id);
    const status = statusOf(one);
    expect({ kind: one.kind, status: saga.status, error: saga.error }).toMatchObject({ kind: one.kind, status });
    sagas.push(saga);
  }
  const account = await world.simulator.account();
  for (const one of started) {
    const wanted = statusOf(one) === 'completed' ? one.after : one.before;
    expect({ kind: one.kind, state: one.state(account) }).toEqual({ kind: one.kind, state: wanted });
  }
  return sagas;
}

/** The kinds whose rule never fired. */
const spared = async (started: readonly Started[]) => {
  const fired = await world.simulator.fired();
  return started.filter(({ label }) => (fired[label] ?? 0) === 0).map(({ label }) => label);
};

/** Gives all objects the desired state that they have now, as an adoption does. */
const ADOPT = `
insert into cloud_provisioned (resource_id, spec)
select id, case kind when 'droplet' then jsonb_build_object('name', name, 'backups', false)
                     when 'volume' then jsonb_build_object('size_gigabytes', attrs -> 'size_gigabytes', 'tags', attrs -> 'tags')
                     else jsonb_build_object('inbound_rules', attrs -> 'inbound_rules', 'outbound_rules', attrs -> 'outbound_rules') end
  from cloud_resources where kind in ('droplet', 'volume', 'firewall') and deleted_at is null on conflict do nothing`;

it('does what its plan shows, to the step and the price, and what it did is no drift, for every kind [TNT-4]', async () => {
  const cases = await newCases();
  await world.asOwner(ADOPT);
  const started = await begin(cases);
  const sagas = await expectEnds(started, () => 'completed');
  for (const [nth, { kind, plan }] of started.entries()) {
    const saga = sagas[nth];
    const worked = saga?.steps.filter(({ status }) => status !== 'skipped').map(({ name }) => name);
    expect({ kind, steps: worked, cost: saga?.cost }).toEqual({ kind, steps: plan.steps.map(({ name }) => name), cost: plan.cost });
  }
  for (const kind of ['droplet', 'volume', 'floating_ip', 'firewall']) await world.sweeps.run(kind, { trigger: 'manual' });
  await world.get(DriftDetectionService).run();
  expect(await world.asOwner(`select field, expected, actual from cloud_drift where status = 'open'`)).toEqual([]);
  const changed = (await world.asOwner('select spec from cloud_provisioned where version > 1')) as { spec: Record<string, unknown> }[];
  expect(changed).toHaveLength(6); // the name, the backups, the image, the tags, the size and the rules of one resource each
});

it('completes once, whatever answer of its first write is lost [SAG-5, SAG-19]', async () => {
  const cases = await newCases();
  await world.simulator.faults(cases.map((one) => ruleOf(one, { type: 'lose_answer' })));
  const started = await begin(cases);
  await expectEnds(started, () => 'completed');
  expect(await spared(started)).toEqual([]);
});

it('completes once when its first write takes effect late, within the lag [SAG-5]', async () => {
  const cases = await newCases();
  await world.simulator.faults(cases.map((one) => ruleOf(one, { type: 'late_commit', status: 504, ms: 400 })));
  const started = await begin(cases);
  await expectEnds(started, () => 'completed');
  expect(await spared(started)).toEqual([]);
});

it('leaves everything as it was when its first write is refused, a pivot included [SAG-9]', async () => {
  const cases = await newCases();
  await world.simulator.faults(cases.map((one) => ruleOf(one, { type: 'status', status: 422 }, ALWAYS)));
  const started = await begin(cases);
  await expectEnds(started, () => 'rolled_back');
  expect(await spared(started)).toEqual([]);
});

/** Starts one saga of each kind. Its first write takes effect, and gets no answer before `meanwhile` has ended. */
async function holdFirstWrites(meanwhile: (started: readonly Started[]) => Promise<void>): Promise<Started[]> {
  const cases = await newCases();
  await world.simulator.faults(cases.map((one) => ruleOf(one, { type: 'hold', after: 'effect' })));
  const started = await begin(cases);
  await until(async () => (await world.simulator.held()) === started.length, { what: 'every first write to be held' });
  await meanwhile(started);
  await world.simulator.faults([]);
  world.engine.wake();
  return started;
}

it('is undone when it is cancelled after its first write took effect; a pivot refuses the cancel and goes on [SAG-9, SAG-12]', async () => {
  const started = await holdFirstWrites(async (all) => {
    for (const { id, kind, pivot } of all) {
      const cancelled = await world.controls.cancel(PLATFORM, id, ADMIN).then(
        () => 'accepted',
        (error: { code: string }) => error.code,
      );
      expect({ kind, cancelled }).toEqual({ kind, cancelled: pivot ? 'not_cancellable' : 'accepted' });
    }
  });
  await expectEnds(started, ({ pivot }) => (pivot ? 'completed' : 'rolled_back'));
});

it('goes on elsewhere and completes once when its worker dies between its first write and the answer [SAG-3, SAG-5]', async () => {
  const started = await holdFirstWrites(async (all) => {
    await world.asOwner('update saga_runs set epoch = epoch + 1, lease_until = null where id = any ($1)', [all.map(({ id }) => id)]);
  });
  expect(await expectEnds(started, () => 'completed')).toHaveLength(started.length);
});

it('leaves no unreported difference when its first write takes effect after it was rolled back [SAG-6, SAG-9]', async () => {
  const cases = (await newCases()).filter(({ pivot }) => !pivot);
  await world.simulator.faults(cases.map((one) => ruleOf(one, { type: 'late_commit', status: 504, ms: HOUR_MS }, ALWAYS)));
  const started = await begin(cases);
  const isLost = async () => Object.values(await world.simulator.fired()).every((fired) => fired > 0);
  await until(isLost, { what: 'the writes without an answer' });
  for (const { id } of started) await world.controls.cancel(PLATFORM, id, ADMIN).catch(() => undefined); // one has given up by itself
  world.engine.wake();
  await expectEnds(started, () => 'rolled_back');
  await world.simulator.faults([]);
  await world.simulator.advance(HOUR_MS);
  const isSettled = async ({ id, state, before }: Started) => {
    const left = (await world.reader.get(PLATFORM, id)).leftovers;
    if (left.some(({ error }) => error?.code === 'late_write')) return true;
    return JSON.stringify(state(await world.simulator.account())) === JSON.stringify(before);
  };
  const landed = new Set<string>();
  await until(
    async () => {
      const account = await world.simulator.account();
      for (const one of started) if (JSON.stringify(one.state(account)) !== JSON.stringify(one.before)) landed.add(one.label);
      return landed.size === started.length;
    },
    { what: 'the late writes' },
  );
  await until(
    async () => {
      await world.reap();
      return (await Promise.all(started.map(isSettled))).every(Boolean);
    },
    { what: 'every late write to be undone or reported', withinMs: 60_000 },
  );
  const reported = [];
  for (const { id, label } of started) if ((await world.reader.get(PLATFORM, id)).leftovers.length > 0) reported.push(label);
  expect(reported).toEqual(['attach_volume', 'detach_volume', 'reserve_ip', 'set_droplet_backups', 'revert_product']);
});

/** Lost, late and refused writes of every kind, and writes without an effect. */
const FAULTS = ['POST', 'PUT', 'DELETE'].flatMap((method) => [
  { id: `lost-${method}`, match: { method, path: '/v2/*', probability: 0.15 }, effect: { type: 'lose_answer' } },
  { id: `late-${method}`, match: { method, path: '/v2/*', probability: 0.1 }, effect: { type: 'late_commit', ms: 300 } },
  { id: `none-${method}`, match: { method, path: '/v2/*', probability: 0.1 }, effect: { type: 'status', status: 502 } },
  { id: `no-${method}`, match: { method, path: '/v2/*', probability: 0.1 }, effect: { type: 'status', status: 422 } },
]);

it(
  `ends completed or as before at any boundary, ${ROUNDS} of each kind (seed ${SEED}) [SAG-5, SAG-9]`,
  async () => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < ROUNDS; round += 1) {
      const { floating_ips } = await world.simulator.account();
      await world.simulator.change({
        floating_ips: floating_ips.filter(({ droplet_id, ip }) => droplet_id !== null || ip.startsWith('198.')),
      });
      const cases = await newCases();
      await world.simulator.faults(FAULTS);
      const started = await begin(cases);
      for (const { id } of started) if (random.chance(0.2)) await world.controls.cancel(PLATFORM, id, ADMIN).catch(() => undefined);
      const status = new Map<string, string>();
      for (const { id } of started) status.set(id, (await world.ended(id)).status);
      await world.simulator.faults([]);
      const isProven = ({ id, kind }: Started) => kind !== 'reserve_ip' || status.get(id) !== 'compensation_failed'; // people decide about an address
      const ended = await expectEnds(started.filter(isProven), ({ id }) => (status.get(id) === 'completed' ? 'completed' : 'rolled_back'));
      expect(ended.filter(({ status: end }) => end === 'completed').length).toBeGreaterThan(started.length / 4);
    }
  },
  120_000 + ROUNDS * 60_000,
);

it('skips a step that an admin gives up, says why, and keeps what the other steps did [OPV-3]', async () => {
  const one = (await newCases()).find(({ kind }) => kind === 'create_volume');
  if (!one) throw new Error('there is no case of create_volume');
  await world.simulator.faults([
    { id: 'refused', match: { method: 'POST', path: '/v2/volumes/*/actions' }, effect: { type: 'status', status: 409, body: { id: 'conflict', message: 'No.' } } },
  ]); // prettier-ignore
  const id = await world.starts.start({ kind: one.kind, input: one.input, tenantId: one.tenantId, because: ADMIN });
  world.engine.wake();
  const seen = () => world.reader.get(PLATFORM, id);
  await until(async () => (await seen()).actions.includes('skip'), { what: 'a failed try of attach_volume' });
  await world.get(SagaVerbs).skip({ id, because: { ...ADMIN, reason: 'the droplet is being moved' } }, null);
  await world.simulator.faults([]);
  world.engine.wake();
  const saga = await world.ended(id);
  const steps = saga.steps.map(({ name, status }) => `${name}: ${status}`);
  expect([saga.status, ...steps]).toEqual([
    'completed',
    'create_volume: completed',
    'assign_project: completed',
    'attach_volume: skipped',
    'register_volume: completed',
  ]);
  expect(JSON.stringify(saga.steps)).toContain('the droplet is being moved');
  expect(one.state(await world.simulator.account())).toEqual([[30, []]]);
});

it('reverts the drift of an attachment and of rules, and closes it after a sweep has seen the result [DRF-5]', async () => {
  const cases = (await newCases()).filter(({ desired }) => desired);
  const sweepAndDetect = async () => {
    for (const kind of ['volume', 'firewall']) await world.sweeps.run(kind, { trigger: 'manual' });
    await world.get(DriftDetectionService).run();
  };
  await sweepAndDetect();
  for (const { input, after, state } of cases) {
    const { data } = await world.get(DriftService).list({ resource_id: String(input.resource_id) }, { limit: 10 });
    expect(data.map(({ field }) => field).sort()).toEqual([...(input.fields as string[])].sort());
    for (const { id, field } of data) {
      expect(await world.get(DriftRevertService).plan(id)).toMatchObject({ kind: 'revert_product', field });
      expect(await world.ended(await world.get(DriftRevertService).start(id, { ...ADMIN, reason: 'not ordered' }))).toMatchObject({
        status: 'completed',
      });
    }
    expect(state(await world.simulator.account())).toEqual(after);
    await sweepAndDetect();
    for (const { id } of data) expect(await world.get(DriftService).get(id)).toMatchObject({ status: 'reverted', reason: 'not ordered' });
  }
});
