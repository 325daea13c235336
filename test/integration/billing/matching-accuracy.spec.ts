import { SweepService, type SweepView } from '#libs/inventory';
import { Big } from 'big.js';
import type { CostLineView } from '#libs/provider-billing';
import { newBillingWorld, type BillingWorld } from './billing-world';

const TENANTS = Number(process.env.TRUTH_TENANTS ?? 50);
const KINDS = ['project', 'droplet', 'volume', 'snapshot', 'floating_ip', 'load_balancer', 'droplet_backup', 'project'];

/** The facts that the simulator knows about a line and returns to no client. */
interface Truth {
  readonly kind: string;
  readonly provider_id: string | null;
  readonly tenant: string | null;
  readonly decidable: boolean;
}

interface Judged {
  readonly line: CostLineView;
  readonly truth: Truth;
  /** The matched resource as `<kind>/<provider id>`. */
  readonly found: string | null;
}

let world: BillingWorld;
let judged: Judged[];
beforeAll(async () => {
  world = await newBillingWorld({}, { empty: false });
  await fetch(`${world.provider.url}/_simulator/reset`, { method: 'POST', body: JSON.stringify({ tenants: TENANTS }) });
  await world.simulator.allow({ per_minute: 1_000_000, per_hour: 1_000_000 });
  for (const kind of KINDS) {
    const { status }: Pick<SweepView, 'status'> = await world.get(SweepService).run(kind, { trigger: 'manual' });
    if (status !== 'complete') throw new Error(`the sweep of ${kind} ended ${status}`);
  }
  await world.ingestAll();
  judged = await judge();
});
afterAll(() => world.close());

async function judge(): Promise<Judged[]> {
  const { invoices } = (await world.simulator.account()) as unknown as { invoices: { invoice_uuid: string; items: { truth: Truth }[] }[] };
  const resources = await world.database.query<{ id: string; ref: string }>(
    `select id, kind || '/' || provider_id as ref from cloud_resources`,
  );
  const refs = new Map(resources.map(({ id, ref }) => [id, ref]));
  const all: Judged[] = [];
  for (const { id, invoice_uuid } of await world.invoices()) {
    const truths = invoices.find((invoice) => invoice.invoice_uuid === invoice_uuid)?.items ?? [];
    for (const line of await world.lines(id)) {
      const { truth } = truths[line.line_no - 1] ?? {};
      if (!truth) throw new Error(`line ${line.line_no} of ${invoice_uuid} has no truth`);
      all.push({ line, truth, found: line.resource_id === null ? null : (refs.get(line.resource_id) ?? 'unknown') });
    }
  }
  return all;
}

const isRight = ({ line, truth }: Judged) => (line.tenant_id ?? null) === (truth.tenant ?? null);
const dollars = (lines: readonly Judged[]) => lines.reduce((sum, { line }) => sum.plus(new Big(line.amount).abs()), new Big(0));

it('attributes no line of fifty tenants and two years to a wrong resource or a wrong tenant [BIL-7]', () => {
  const wrong = judged.filter(
    ({ found, truth }) => found !== null && found !== `${truth.kind}/${truth.provider_id}` && found !== `droplet/${truth.provider_id}`,
  );
  expect(wrong.map(({ line, truth, found }) => ({ description: line.description, truth, found }))).toEqual([]);
  const misplaced = judged.filter(({ line, truth }) => line.tenant_id !== null && line.tenant_id !== truth.tenant);
  expect(misplaced.map(({ line, truth }) => ({ description: line.description, given: line.tenant_id, truth }))).toEqual([]);
});

it('leaves every line undecided that the data cannot decide [BIL-7]', () => {
  const open = judged.filter(({ truth }) => !truth.decidable);
  expect(open.length).toBeGreaterThan(judged.length / 100);
  expect(open.filter(({ line }) => line.resource_id !== null)).toEqual([]);
});

it('attributes at least 98 % of the lines and 99.9 % of the dollars correctly', () => {
  const right = judged.filter(isRight);
  const shares = { lines: right.length / judged.length, dollars: dollars(right).div(dollars(judged)).toNumber() };
  console.log(`truth set: ${judged.length} lines, $${dollars(judged).toFixed(2)}, attributed rightly ${JSON.stringify(shares)}`);
  expect(shares.lines).toBeGreaterThanOrEqual(0.98);
  expect(shares.dollars).toBeGreaterThanOrEqual(0.999);
});

it('reconciles every invoice of two years, or stores the exact difference [BIL-5]', async () => {
  const invoices = await world.invoices();
  expect(invoices.length).toBeGreaterThanOrEqual(24);
  for (const { id, amount, reconciliation, status } of invoices) {
    const sum = judged.filter(({ line }) => line.invoice_id === id).reduce((total, { line }) => total.plus(line.amount), new Big(0));
    const difference = new Big(amount).minus(sum);
    expect(status).toBe('ingested');
    expect(new Big(reconciliation.difference ?? 'none').eq(difference)).toBe(true);
    expect(reconciliation.status).toBe(difference.eq(0) ? 'reconciled' : 'mismatch');
  }
  expect(invoices.filter(({ reconciliation }) => reconciliation.status === 'mismatch')).toHaveLength(1);
});

it('learns the price of a unit from the latest reconciled invoice that bills it, for whatever size was billed', async () => {
  const learned = await world.database.query<{ product: string; amount: string; minimum: string | null }>(
    `select distinct on (product) product, amount::text as amount, minimum::text as minimum from list_prices
      where source = 'observed' and product not like 'droplet:%' order by product, valid_from desc`,
  );
  expect(learned).toEqual([
    { product: 'floating_ip', amount: '5', minimum: null },
    { product: 'load_balancer', amount: '12', minimum: null },
    { product: 'snapshot', amount: '0.06', minimum: '0.01' },
    { product: 'volume', amount: '0.1', minimum: null },
  ]);
});
