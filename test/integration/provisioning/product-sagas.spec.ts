import type { SagaPlan, SagaView } from '#libs/saga';
import { ADMIN, PLATFORM } from '../../support/principals';
import { newProvisioningWorld, type ProvisioningWorld } from '../../support/provisioning-world';
import { SeededRandom } from '../../support/seeded-random';
import { until } from '../../support/until';
import { addPlaces, PRODUCT_KINDS, type ProductCase } from './product-cases';

const ROUNDS = Number(process.env.PRODUCT_ROUNDS ?? (process.env.TEST_LONG ? 200 : 1));
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
/** More often than a step sends a write. */
const ALWAYS = 1_000;
const KINDS = Object.keys(PRODUCT_KINDS);

let world: ProvisioningWorld;
let used = 0;
beforeAll(async () => {
  world = await newProvisioningWorld({ SAGA_OPEN_PER_TENANT: '1000' });
});
afterAll(() => world.close());
afterEach(() => world.simulator.faults([]));

interface Started extends ProductCase {
  readonly id: string;
  readonly plan: SagaPlan;
  readonly before: unknown;
}

/** One case of each kind, with objects of its own. */
async function newCases(kinds: readonly string[] = KINDS): Promise<ProductCase[]> {
  const { places, idOf } = await addPlaces(world, used, kinds.length);
  used += kinds.length;
  return places.map((place, nth) => {
    const kind = kinds[nth] ?? '';
    const made = PRODUCT_KINDS[kind]?.(place, idOf);
    if (!made) throw new Error(`no case of ${kind}`);
    return { kind, ...made, tenantId: made.tenantId === null ? null : 'acme' };
  });
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

const ruleOf = ({ kind, write }: ProductCase, effect: { type: string; status?: number; ms?: number; after?: 'effect' }, times = 1) => ({
  id: kind,
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

const expectFired = async (started: readonly Started[]) => {
  const fired = await world.simulator.fired();
  expect(started.filter(({ kind }) => (fired[kind] ?? 0) === 0).map(({ kind }) => kind)).toEqual([]);
};

it('does what its plan shows, to the step and the price, and leaves no drift behind, for every kind [TNT-4]', async () => {
  const started = await begin(await newCases());
  const sagas = await expectEnds(started, () => 'completed');
  for (const [nth, { kind, plan }] of started.entries()) {
    const saga = sagas[nth];
    const worked = saga?.steps.filter(({ status }) => status !== 'skipped').map(({ name }) => name);
    expect({ kind, steps: worked, cost: saga?.cost }).toEqual({ kind, steps: plan.steps.map(({ name }) => name), cost: plan.cost });
  }
});

it('completes once, whatever answer of its first write is lost [SAG-5, SAG-19]', async () => {
  const cases = await newCases();
  await world.simulator.faults(cases.map((one) => ruleOf(one, { type: 'lose_answer' })));
  const started = await begin(cases);
  await expectEnds(started, () => 'completed');
  await expectFired(started);
});

it('completes once when its first write takes effect late, within the lag [SAG-5]', async () => {
  const cases = await newCases();
  await world.simulator.faults(cases.map((one) => ruleOf(one, { type: 'late_commit', status: 504, ms: 400 })));
  const started = await begin(cases);
  await expectEnds(started, () => 'completed');
  await expectFired(started);
});

it('leaves everything as it was when its first write is refused, a pivot included [SAG-9]', async () => {
  const cases = await newCases();
  await world.simulator.faults(cases.map((one) => ruleOf(one, { type: 'status', status: 422 }, ALWAYS)));
  const started = await begin(cases);
  await expectEnds(started, () => 'rolled_back');
  await expectFired(started);
}, 120_000);

it('is undone when it is cancelled after its first write took effect; a pivot goes on [SAG-9, SAG-12]', async () => {
  const cases = await newCases();
  await world.simulator.faults(cases.map((one) => ruleOf(one, { type: 'hold', after: 'effect' })));
  const started = await begin(cases);
  await until(async () => (await world.simulator.held()) === started.length, { what: 'every first write to be held' });
  for (const { id } of started) await world.controls.cancel(PLATFORM, id, ADMIN);
  await world.simulator.faults([]);
  world.engine.wake();
  await expectEnds(started, ({ pivot }) => (pivot ? 'completed' : 'rolled_back'));
}, 120_000);
