import {
  BillingProfiles,
  BillingRunService,
  BulkInvoiceService,
  InvoiceIssue,
  TenantInvoiceReader,
  TenantInvoiceService,
} from '#libs/tenant-billing';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { until } from '../../support/until';
import { BECAUSE, newRatingWorld, type ProviderLine, type RatingWorld } from './rating-world';

const IS_LONG = process.env.TEST_LONG === '1';
const PROCESSES = IS_LONG ? 8 : 2;
const INVOICES = IS_LONG ? 1_000 : 60;
const KILLS = IS_LONG ? 40 : 2;
const PAIRS = IS_LONG ? 20 : 2;
const MONTH = '2020-01';

if (IS_LONG) jest.setTimeout(900_000);

let world: RatingWorld;
let invoices: TenantInvoiceService;
let issuing: InvoiceIssue;
let reader: TenantInvoiceReader;
beforeAll(async () => {
  world = await newRatingWorld();
  invoices = world.service(TenantInvoiceService);
  issuing = world.service(InvoiceIssue);
  reader = world.service(TenantInvoiceReader);
  const profiles = world.service(BillingProfiles);
  const { version, ...issuer } = await profiles.issuer('default');
  await profiles.replaceIssuer('default', { ...issuer, name: 'Harbour', address: 'Quay', country: 'AU' }, version, BECAUSE);
  await world.owner.query(
    `insert into billing_profiles (tenant_id, legal_name, address, country, is_business, changed_by)
     select 't-' || n, 'Tenant ' || n, 'A street', 'AU', true, 'ops' from generate_series(1, $1) n`,
    [INVOICES],
  );
  await world.owner.query(`insert into tenants (id, name, source) values ('t-1', 'Tenant 1', 'admin')`);
  const lines = Array.from({ length: INVOICES }, (_, nth): ProviderLine => ({
    product: 'Droplets',
    kind: 'droplet',
    amount: `${nth}.105`,
    tenant: `t-${nth + 1}`,
  }));
  await world.invoices(MONTH, [{ lines }]);
  const runs = world.service(BillingRunService);
  const { id } = await runs.create(MONTH, BECAUSE);
  await runs.run(id);
  await invoices.build(MONTH, BECAUSE);
});
afterAll(() => world.close());

function startProcess(): ChildProcess {
  const runner = join(__dirname, '../../support/run-typescript.cjs');
  return spawn(process.execPath, ['-r', runner, join(__dirname, 'issuing-process.ts')], {
    env: { PATH: process.env.PATH, DATABASE_URL: world.appUrl, DATABASE_POOL_SIZE: '2' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

const ended = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null;
const count = async (status: string) => (await reader.idsOf({ status: [status] }, INVOICES + 1)).length;

it('numbers exactly 1 to n without gaps while processes that issue are killed [TBL-3]', async () => {
  const report = await world.service(BulkInvoiceService).apply({ verb: 'approve', filter: { period: MONTH } }, BECAUSE);
  expect(report).toMatchObject({ matched: INVOICES, done: INVOICES });
  let running = Array.from({ length: PROCESSES }, startProcess);
  let kills = 0;
  for (let seen = 0; kills < KILLS; kills += 1) {
    const before = seen;
    await until(async () => (seen = await count('issued')) > before + INVOICES / (KILLS * 3), {
      what: 'more issued invoices',
      withinMs: IS_LONG ? 300_000 : 60_000,
    });
    if (seen === INVOICES) break;
    running.at(kills % PROCESSES)?.kill('SIGKILL');
    running = [...running.filter((child) => !child.killed), startProcess()];
  }
  expect(kills).toBeGreaterThan(0);
  await until(async () => (await count('issued')) === INVOICES, { what: 'every invoice issued', withinMs: 300_000 });
  await until(() => running.every(ended), { what: 'the end of the processes', withinMs: 60_000 });
  const { rows } = await world.owner.query<{ numbers: string[]; documents: number; announced: number; audited: number; last: number }>(
    `select (select array_agg(number order by number) from tenant_invoices where status = 'issued') as numbers,
            (select count(distinct number)::int from tenant_documents where kind = 'invoice') as documents,
            (select count(*)::int from billing_outbox) as announced,
            (select count(*)::int from audit_log where action = 'tenant_invoice_issued') as audited,
            (select last_number from number_series where series = 'invoice') as last`,
  );
  const expected = Array.from({ length: INVOICES }, (_, nth) => `INV-${String(nth + 1).padStart(5, '0')}`);
  expect(rows[0]).toEqual({ numbers: expected, documents: INVOICES, announced: INVOICES, audited: INVOICES, last: INVOICES });
});

type Verb = (id: string, version: number) => Promise<unknown>;
const VERBS: Record<string, Verb> = {
  refresh: (id, version) => invoices.refresh(id, version, BECAUSE),
  adjust: (id, version) =>
    invoices.adjust(id, { add: { description: 'x', quantity: '1', unit: 'each', unit_price: '1' } }, version, BECAUSE),
  approve: (id, version) => invoices.approve(id, version, BECAUSE),
  unapprove: (id, version) => invoices.unapprove(id, version, BECAUSE),
  issue: (id, version) => issuing.issue(id, version, BECAUSE),
  void: (id, version) => issuing.void(id, version, BECAUSE),
};

it.each([
  ['draft', ['refresh', 'adjust', 'approve']],
  ['ready', ['unapprove', 'issue']],
  ['issued', ['void']],
] as const)('lets one of two simultaneous verbs on a %s invoice win, and refuses the other with 409 [TBL-5]', async (status, verbs) => {
  for (let round = 0; round < PAIRS; round += 1)
    for (const first of verbs)
      for (const second of verbs) {
        const created = await invoices.createOneOff(
          't-1',
          [{ description: 'work', quantity: '1', unit: 'each', unit_price: '10' }],
          BECAUSE,
        );
        if (status !== 'draft') await invoices.approve(created.id, null, BECAUSE);
        if (status === 'issued') await issuing.issue(created.id, null, BECAUSE);
        const before = await reader.get({ kind: 'platform' }, created.id);
        const outcomes = await Promise.allSettled([
          VERBS[first]?.(created.id, before.version),
          VERBS[second]?.(created.id, before.version),
        ]);
        const refused = outcomes.flatMap((outcome) =>
          outcome.status === 'rejected' ? [outcome.reason as { code: string; category: string }] : [],
        );
        expect(refused.map(({ code, category }) => ({ code, category }))).toEqual([{ code: 'version_moved', category: 'conflict' }]);
        const after = await reader.get({ kind: 'platform' }, created.id);
        expect(after.version).toBe(before.version + 1);
        const lines = (await reader.lines({ kind: 'platform' }, created.id, { limit: 10 })).data;
        expect(lines).toHaveLength(after.lines);
        expect(lines.reduce((sum, { net }) => sum + Math.round(Number(net) * 100), 0)).toBe(Math.round(Number(after.net) * 100));
      }
});
