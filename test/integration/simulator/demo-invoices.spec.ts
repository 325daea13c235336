import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InvoiceItem, InvoiceRecord, LineTruth } from '../../../apps/simulator/src/world/billing-records';
import { centsOf, sumOfAmounts } from '../../../apps/simulator/src/world/billing-records';
import type { State } from '../../../apps/simulator/src/world/state';
import { newTestWorld } from '../../support/simulator-world';
import { seedState } from '../../../apps/simulator/src/demo/demo-state';
import { demoInvoices } from '../../../apps/simulator/src/demo/invoices/demo-invoices';

/** The 18th of a month, so that there is a preview. */
const START_MS = Date.UTC(2026, 10, 18);

const SEEDS = [
  { seed: 1, tenants: 12, scale: 1 },
  { seed: 7, tenants: 50, scale: 1 },
  { seed: 3, tenants: 12, scale: 10 },
];

type LineWithTruth = InvoiceItem & { truth: LineTruth };

function history(options: { seed: number; tenants: number; scale: number }): {
  state: State;
  invoices: InvoiceRecord[];
  lines: LineWithTruth[];
} {
  const state = seedState({ ...options, empty: false, token: '' }, START_MS);
  const { invoices } = demoInvoices(state, options.seed, START_MS);
  return { state, invoices, lines: invoices.filter(({ preview }) => preview !== true).flatMap(({ items }) => items as LineWithTruth[]) };
}

/** What people start and pay by time. Storage and transfer are billed by what is stored and sent. */
const MACHINES = ['Droplets', 'GPU Droplets', 'Kubernetes Clusters', 'Database Clusters', 'Load Balancers'];

describe.each(SEEDS)('two years of invoices of $tenants clients at scale $scale', (options) => {
  const { state, invoices, lines } = history(options);
  const live = lines.filter(({ truth }) => truth.exists === true);

  it('have the amount of the sum of their lines, except one that differs by three cents', () => {
    const differences = invoices.map(({ amount, items }) => sumOfAmounts(items) - (centsOf(amount) ?? NaN));
    expect(differences.filter((cents) => cents !== 0)).toEqual([3]);
    expect(invoices).toHaveLength(25);
  });

  it('have a correct truth about existing resources: kind and time match the account', () => {
    const known = new Map<string, string>([
      ...state.droplets.map(({ id, created_at }) => [`droplet ${id}`, created_at] as const),
      ...state.images.map(({ id, created_at }) => [`snapshot ${id}`, created_at] as const),
      ...state.volume_snapshots.map(({ id, created_at }) => [`snapshot ${id}`, created_at] as const),
      ...state.volumes.map(({ id, created_at }) => [`volume ${id}`, created_at] as const),
      ...state.load_balancers.map(({ id, created_at }) => [`load_balancer ${id}`, created_at] as const),
      ...state.floating_ips.map(({ ip }) => [`floating_ip ${ip}`, ''] as const),
      ...state.members.map(({ urn, assigned_at }) => [urn.replace(/^do:dbaas:/, 'managed_db '), assigned_at] as const),
      ...state.members.map(({ urn, assigned_at }) => [urn.replace(/^do:kubernetes:/, 'k8s_cluster '), assigned_at] as const),
      ...state.members.map(({ urn, assigned_at }) => [urn.replace(/^do:app:/, 'app '), assigned_at] as const),
      ...state.members.map(({ urn, assigned_at }) => [urn.replace(/^do:space:/, 'spaces_bucket '), assigned_at] as const),
    ]);
    const wrong = live.filter(({ truth, start_time }) => !((known.get(`${truth.kind} ${truth.provider_id}`) ?? 'z') <= start_time));
    expect(wrong).toEqual([]);
    expect(live.every(({ resource_id, truth }) => resource_id === null || resource_id === truth.provider_id)).toBe(true);
  });

  it('bill machines from the first moment of a month only if they were billed in the month before, so that no total jumps without a cause (D4)', () => {
    const months = invoices.toSorted((one, other) => (one.invoice_period < other.invoice_period ? -1 : 1));
    const billed = months.map(
      ({ items }) => new Set((items as LineWithTruth[]).map(({ product, truth }) => `${product} ${truth.provider_id}`)),
    );
    const suddenly = months.slice(1).flatMap(({ invoice_period, items }, nth) =>
      (items as LineWithTruth[])
        .filter(({ product, start_time }) => MACHINES.includes(product) && start_time === `${invoice_period}-01T00:00:00Z`)
        .filter(({ product, truth }) => !billed[nth]?.has(`${product} ${truth.provider_id}`))
        .map(({ product, description }) => `${invoice_period} ${product} ${description}`),
    );
    expect(suddenly).toEqual([]);
    expect(billed.at(-1)?.size).toBeGreaterThan(50);
  });

  it('have few ambiguous lines, all of small amounts', () => {
    const open = lines.filter(({ truth }) => !truth.decidable);
    const cents = (some: InvoiceItem[]) => some.reduce((sum, { amount }) => sum + Math.abs(centsOf(amount) ?? 0), 0);
    expect(open.length / lines.length).toBeGreaterThanOrEqual(0.01);
    expect(open.length / lines.length).toBeLessThan(0.015);
    expect(cents(open) / cents(lines)).toBeLessThan(0.0005);
    expect(open.some(({ truth }) => truth.by_old_name === true)).toBe(true);
  });

  it('name an existing project and its tenant where nothing else identifies a destroyed resource', () => {
    const tenants = new Map(state.projects.map(({ name, description }) => [name, /tenant:(\S+)/.exec(description)?.[1] ?? null]));
    const deleted = lines.filter(({ truth }) => truth.decidable && truth.exists === false && truth.provider_id !== null);
    expect(deleted.filter(({ project_name, truth }) => tenants.get(project_name) !== truth.tenant)).toEqual([]);
    expect(deleted.length).toBeGreaterThan(100);
  });

  it('have every shape that is hard to read', () => {
    const some = (test: (line: LineWithTruth) => boolean) => lines.some(test);
    const names = new Set(state.droplets.map(({ name }) => name));
    const nameOf = ({ description }: InvoiceItem) => description.slice(0, description.lastIndexOf(' ('));
    const tenantOf = new Map(state.projects.map(({ id, description }) => [id, /tenant:(\S+)/.exec(description)?.[1] ?? null]));
    const holderOf = new Map(state.members.map(({ urn, project_id }) => [urn, tenantOf.get(project_id) ?? null]));
    expect({
      free: some(({ hours, amount, product }) => product === 'Droplets' && hours === '0' && amount !== '0.00'),
      reused: some((line) => line.product === 'Droplets' && line.truth.exists === false && names.has(nameOf(line))),
      moved: some(
        ({ truth }) =>
          truth.kind === 'droplet' && truth.exists === true && holderOf.get(`do:droplet:${truth.provider_id}`) !== truth.tenant,
      ),
      renamed: some(({ project_name }) => project_name.endsWith(', old site')),
      quoted: some(({ description }) => description.includes('"')),
      broken: some(({ description }) => description.includes('\n')),
      negative: some(({ amount }) => amount.startsWith('-')),
      grouped: some(({ group_description }) => group_description !== ''),
      untaxed: some(({ description }) => description.startsWith('taxi-01')),
      twice: invoices.some(({ items }) => items.filter(({ product }) => product === 'Taxes').length === 2),
      twins: invoices.some(({ items }) => new Set(items.map((line) => line.description + line.start_time)).size < items.length),
      resized: invoices.some(({ items }) => {
        const ids = items.filter(({ product }) => product === 'Droplets').map(({ resource_id }) => resource_id);
        return new Set(ids).size < ids.length;
      }),
    }).toEqual(
      Object.fromEntries(
        'free reused moved renamed quoted broken negative grouped untaxed twice twins resized'.split(' ').map((name) => [name, true]),
      ),
    );
  });
});

describe('prices', () => {
  const { lines } = history(SEEDS[0] ?? { seed: 1, tenants: 12, scale: 1 });
  const partial = lines.filter(({ product, hours }) => product === 'Droplets' && Number(hours) > 0 && Number(hours) < 600);

  it.each([
    ['started hours before 2026', (year: number) => year < 2026, (ms: number) => Math.ceil(ms / 3_600_000) * 3600],
    ['seconds since', (year: number) => year >= 2026, (ms: number) => Math.ceil(ms / 1000)],
  ])('are calculated by %s', (_, isTime, secondsOf) => {
    const small = partial.filter(
      ({ description, start_time }) => description.endsWith('(s-1vcpu-1gb)') && isTime(Number(start_time.slice(0, 4))),
    );
    expect(small.length).toBeGreaterThan(0);
    for (const { start_time, end_time, amount } of small) {
      const seconds = BigInt(secondsOf(Date.parse(end_time) - Date.parse(start_time)));
      const cents = (2n * 600n * seconds + 2_419_200n) / (2n * 2_419_200n);
      expect(centsOf(amount)).toBe(Number(cents));
    }
  });
});

describe('the invoices of a running demo account', () => {
  it('are the same for the same seed, and different for another seed', () => {
    const [one, same, other] = [1, 1, 2].map((seed) => JSON.stringify(history({ seed, tenants: 12, scale: 1 }).invoices));
    expect([one === same, one === other]).toEqual([true, false]);
  });

  it('are built on first use by any endpoint, and are the same after a restart', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'invoices-'));
    const first = await newTestWorld({ dataDir });
    const list = await first.call('GET', '/v2/customers/my/invoices?per_page=200');
    const items = await first.call('GET', '/v2/customers/my/invoices/preview?per_page=200');
    await first.close();
    const second = await newTestWorld({ dataDir, seed: 5 });
    expect((await second.call('GET', '/v2/customers/my/invoices?per_page=200')).body).toMatchObject({
      invoices: (list.body as unknown as { invoices: object[] }).invoices,
      meta: { total: 24 },
    });
    expect((await second.call('GET', '/v2/customers/my/invoices/preview?per_page=200')).body.meta).toEqual(items.body.meta);
    await second.close();
    rmSync(dataDir, { recursive: true });
  });

  it('are the same whatever changed in the account before', async () => {
    const [one, other] = await Promise.all([newTestWorld({ seed: 4 }), newTestWorld({ seed: 4 })]);
    await other.control.change({ droplets: [], volumes: [] });
    expect((await other.control.account()).invoices).toEqual((await one.control.account()).invoices);
    await Promise.all([one.close(), other.close()]);
  });

  it('are replaced by given invoices, and the history has all ten types', async () => {
    const world = await newTestWorld();
    const { text } = await world.call('GET', '/v2/customers/my/billing_history?per_page=200');
    expect(new Set((JSON.parse(text) as { billing_history: { type: string }[] }).billing_history.map(({ type }) => type)).size).toBe(10);
    await world.control.change({ invoices: [{}] });
    expect((await world.control.account()).invoices).toHaveLength(1);
    expect((await world.call('GET', '/v2/customers/my/invoices')).body.meta.total).toBe(1);
    await world.control.reset({ tenants: 20 });
    await world.control.change({ billing_history: [] });
    expect((await world.call('GET', '/v2/customers/my/billing_history')).body.meta.total).toBe(24);
    expect((await world.control.account()).projects).toHaveLength(21);
    await world.close();
  });
});
