import { randomUUID } from 'node:crypto';
import { OFFERED_SIZES } from '../../../apps/simulator/src/demo/demo-offers';
import { seedState } from '../../../apps/simulator/src/demo/demo-state';
import { billedAccount, linesOf, type UsageInterval } from '../../../apps/simulator/src/demo/invoices/billed-account';
import { currentUsage } from '../../../apps/simulator/src/demo/invoices/current-usage';
import { PastUsage } from '../../../apps/simulator/src/demo/invoices/past-usage';
import { centsOf } from '../../../apps/simulator/src/world/billing-records';
import { SeededRandom } from '../../../apps/simulator/src/world/random';
import { newCostsWorld, recordSince, setRates, type CostsWorld, type History } from './costs-world';

const NOW_MS = Date.UTC(2026, 10, 12);
const FIRST_MS = Date.UTC(2024, 0, 1);
const MONTHS = ['2026-10', '2026-07', '2025-12'];

/** Products without a list price: a person sees them among `unpriced`. */
const UNPRICED = ['Kubernetes Clusters'];

let world: CostsWorld;
let intervals: UsageInterval[];
beforeAll(async () => {
  world = await newCostsWorld();
  const state = seedState({ seed: 7, scale: 1, empty: false, token: '' }, NOW_MS);
  const random = new SeededRandom(7);
  const account = billedAccount(state, NOW_MS);
  intervals = [...currentUsage(account, random), ...new PastUsage(account, random).listIntervals()];
  await setRates(world, Object.fromEntries(OFFERED_SIZES.map(({ slug, price_monthly }) => [`droplet:${slug}`, String(price_monthly)])));
  await recordSince(world, new Date(FIRST_MS).toISOString());
  await world.record(intervals.filter(({ backups, product }) => backups === undefined && !UNPRICED.includes(product)).map(historyOf));
});
afterAll(() => world.close());

/** What the inventory would have recorded of a resource that was billed. */
function historyOf(interval: UsageInterval): History {
  const { kind, providerId, fromMs, toMs, parts, owners } = interval;
  const bornMs = Math.max(fromMs, FIRST_MS);
  const plan = intervals.find((one) => one.backups !== undefined && one.providerId === providerId)?.backups ?? null;
  return {
    id: randomUUID(),
    kind,
    bornMs,
    diedMs: toMs,
    sizes: parts.map((part, nr) => ({
      fromMs: nr === 0 ? bornMs : part.fromMs,
      ...sizeOf(kind, part),
      plan: kind === 'droplet' ? plan : null,
    })),
    owners: owners.map((owner, nr) => ({ fromMs: nr === 0 ? bornMs : owner.fromMs, tenant: owner.project.tenant })),
  };
}

function sizeOf(kind: string, { description, monthlyCents }: UsageInterval['parts'][number]): { product: string; units: string } {
  const gib = /([\d.]+)GB/.exec(description)?.[1] ?? '1';
  switch (kind) {
    case 'droplet':
      return { product: `droplet:${/\(([^()]+)\)$/.exec(description)?.[1] ?? ''}`, units: '1' };
    case 'app':
    case 'managed_db':
      return { product: `${kind}:${/\(([^()]+)\)$/.exec(description)?.[1] ?? ''}`, units: '1' };
    case 'load_balancer':
      return { product: kind, units: String(monthlyCents / 1_200) };
    case 'volume':
    case 'snapshot':
      return { product: kind, units: gib };
    default:
      return { product: kind, units: '1' };
  }
}

/** Products whose accrual differs from the invoice by more than one per cent, with the reason. */
const DIFFERENT: Readonly<Record<string, string>> = {};

it.each(MONTHS)('accrues the demo of %s to its invoice within one per cent of each product with a list price [PRC-2]', async (period) => {
  const [year = 0, month = 0] = period.split('-').map(Number);
  const billed = { period, startMs: Date.UTC(year, month - 1, 1), endMs: Date.UTC(year, month, 1) };
  const invoiced = new Map<string, number>();
  for (const { product, amount } of intervals.flatMap((interval) => linesOf(interval, billed)))
    if (!UNPRICED.includes(product)) add(invoiced, product, centsOf(amount) ?? Number.NaN);
  const accrued = new Map<string, number>();
  const { groups, unpriced } = await world.costs.read(
    { kind: 'platform' },
    { period, basis: 'accrued', groupBy: ['product'], filters: {} },
  );
  for (const { product, amount } of groups) add(accrued, product ?? '', Math.round(Number(amount) * 100));
  expect(unpriced).toEqual([]);
  const far = [...invoiced].filter(([product, cents]) => Math.abs((accrued.get(product) ?? 0) - cents) > cents * 0.01);
  expect(
    far
      .map(([product, cents]) => `${product}: ${accrued.get(product)} instead of ${cents}`)
      .filter((text) => !DIFFERENT[text.split(':')[0] ?? '']),
  ).toEqual([]);
  expect([...accrued.keys()].sort()).toEqual([...invoiced.keys()].sort());
});

/** Snapshots of volumes are billed like those of droplets; the recorded histories do not tell them apart. */
function add(sums: Map<string, number>, product: string, cents: number): void {
  const key = product === 'Volume Snapshots' ? 'Droplet Snapshots' : product;
  sums.set(key, (sums.get(key) ?? 0) + cents);
}
