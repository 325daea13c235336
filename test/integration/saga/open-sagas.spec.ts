import { ADVISORY_LOCKS } from '#libs/database';
import { ProvisioningModule } from '#libs/provisioning';
import { ADMIN } from '../../support/principals';
import { SagaWorld, type SagaProcess } from '../../support/saga-world';

const CAP = 50;
const TENANTS = ['tenant-60', 'tenant-100', 'tenant-300', 'full', 'roomy', 'served', 'repeating', 'unlocked'];

let world: SagaWorld;
let apis: SagaProcess[];
beforeAll(async () => {
  world = await SagaWorld.create();
  await world.owner.query(`insert into tenants (id, name, source) select t, t, 'admin' from unnest($1::text[]) t on conflict do nothing`, [
    TENANTS,
  ]);
  const env = { SAGA_OPEN_PER_TENANT: String(CAP) };
  apis = [await world.process([], env, [ProvisioningModule]), await world.process([], env, [ProvisioningModule])];
});
afterAll(() => world.end());

interface Start {
  readonly tenantId: string | null;
  readonly idempotencyKey?: string;
}

/** Starts all sagas at the same moment, alternating between the api processes. Returns each saga id or error code. */
function startAtOnce(starts: readonly Start[]): Promise<string[]> {
  const started = starts.map(async ({ tenantId, idempotencyKey }, nr) => {
    const request = { kind: 'demo', input: { steps: ['echo'] }, tenantId, idempotencyKey, because: ADMIN };
    return apis[nr % apis.length]?.starts.start(request).catch((error: { code: string }) => error.code) ?? 'no process';
  });
  return Promise.all(started);
}

const times = (count: number, start: Start): Start[] => Array.from({ length: count }, () => start);
const refused = (answers: readonly string[]): number => answers.filter((answer) => answer === 'too_many_sagas').length;

async function openOf(tenantId: string): Promise<number> {
  const { rows } = await world.owner.query<{ open: number }>(
    'select count(*)::int as open from saga_runs where tenant_id = $1 and wake_at is not null',
    [tenantId],
  );
  return rows[0]?.open ?? 0;
}

it.each([60, 100, 300])(
  'never exceeds the allowed number of open sagas of a tenant with %i starts at once on two processes (E4) [TEN-6]',
  async (count) => {
    const tenantId = `tenant-${count}`;
    const answers = await startAtOnce(times(count, { tenantId }));
    expect({ refused: refused(answers), open: await openOf(tenantId) }).toEqual({ refused: count - CAP, open: CAP });
    const audited = await world.owner.query('select 1 from audit_log where target_id = any ($1::text[])', [answers]);
    expect(audited.rowCount).toBe(CAP);
  },
);

it('rejects only the starts of the tenant at its limit, however many tenants start at once (E4) [TEN-6]', async () => {
  await startAtOnce(times(CAP - 1, { tenantId: 'full' }));
  const mixed = Array.from({ length: 90 }, (_, nr) => ({ tenantId: ['full', 'roomy', null][nr % 3] ?? null }));
  const answers = await startAtOnce(mixed);
  expect(refused(answers)).toBe(29);
  expect(answers.every((answer, nr) => answer !== 'too_many_sagas' || mixed[nr]?.tenantId === 'full')).toBe(true);
  expect([await openOf('full'), await openOf('roomy')]).toEqual([CAP, 30]);
});

it('D1: sagas that the platform starts for a tenant are readable by the tenant, and count against no limit [TEN-6]', async () => {
  const operators = { kind: 'demo', input: { steps: ['echo'] }, tenantId: null, ownerId: 'served', because: ADMIN };
  const id = await apis[0]?.starts.start(operators);
  const answers = await startAtOnce(times(CAP, { tenantId: 'served' }));
  expect(refused(answers)).toBe(0);
  const seen = await apis[0]?.reader.get({ kind: 'tenant', tenantId: 'served' }, id ?? '');
  expect(seen).toMatchObject({ id, tenant_id: 'served', created_by: 'operator', reason: null });
});

it('returns the same saga for a repetition of the start that reached the limit [SAG-17]', async () => {
  await startAtOnce(times(CAP - 1, { tenantId: 'repeating' }));
  const answers = await startAtOnce(times(20, { tenantId: 'repeating', idempotencyKey: 'the-last' }));
  expect(new Set(answers).size).toBe(1);
  expect(refused(answers)).toBe(0);
  expect(await startAtOnce([{ tenantId: 'repeating', idempotencyKey: 'another' }])).toEqual(['too_many_sagas']);
});

it('makes neither a tenant nor the platform wait for the lock of another tenant [TEN-6]', async () => {
  await world.owner.query('begin');
  try {
    await world.owner.query(`select pg_advisory_xact_lock(${ADVISORY_LOCKS.tenantStarts}) from (values ('locked')) tenants (tenant)`);
    const [platform, other] = await startAtOnce([{ tenantId: null }, { tenantId: 'unlocked' }]);
    expect([platform, other]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  } finally {
    await world.owner.query('rollback');
  }
});
