import {
  BillingProfiles,
  BillingRunService,
  PoolService,
  POOLS,
  ProfitAndLoss,
  RateAssignments,
  RateCardService,
  RatingService,
  type PnlView,
} from '#libs/tenant-billing';
import { randomUUID } from 'node:crypto';
import { SeededRandom } from '../../support/seeded-random';
import { BECAUSE, newRatingWorld, type OwnedResource, type ProviderInvoice, type ProviderLine, type RatingWorld } from './rating-world';

const IS_LONG = process.env.TEST_LONG === '1';
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000);
const MONTHS = IS_LONG ? 10_000 : 40;
const REFRESHES = IS_LONG ? 100 : 3;
const TENANTS = ['acme', 'birch', 'cedar', 'dora'];

if (IS_LONG) jest.setTimeout(3_600_000);

let world: RatingWorld;
beforeAll(async () => {
  world = await newRatingWorld();
});
afterAll(() => world.close());

async function rated(month: string) {
  const runs = world.service(BillingRunService);
  const { id } = await runs.create(month, BECAUSE);
  await runs.run(id);
  return runs.get(id);
}

const pnl = (month: string): Promise<PnlView> => world.service(ProfitAndLoss).read(month, 'tenant');

/** The rated lines of a month as one text. */
async function storedLines(month: string): Promise<string> {
  const { rows } = await world.owner.query<{ text: string }>(
    `select coalesce(string_agg(l::text, e'\\n' order by line_no), '') as text from rated_lines l where period = $1`,
    [`${month}-01`],
  );
  return rows[0]?.text ?? '';
}

/** Months in turn, each without invoices. */
const monthNo = (nth: number): string => new Date(Date.UTC(2014, nth % 120)).toISOString().slice(0, 7);
let months = 0;
async function nextMonth(): Promise<string> {
  const month = monthNo((months += 1));
  await world.owner.query(`delete from cloud_cost_lines where invoice_id in (select id from cloud_invoices where period = $1)`, [
    `${month}-01`,
  ]);
  await world.owner.query('delete from cloud_invoices where period = $1', [`${month}-01`]);
  return month;
}
const startMs = (month: string): number => Date.parse(`${month}-01T00:00:00Z`);
const endMs = (month: string): number => Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 1);

/** Amounts in ten-thousandths, the finest that the random months have. */
const units = (text: string): bigint => {
  const [, sign = '', whole = '0', rest = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(text) ?? [];
  return BigInt(`${sign}${whole}${rest.padEnd(4, '0').slice(0, 4)}`);
};

/** Splits by taking one unit after another from the party with the largest claim left. Another way than that of the service. */
function naiveSplit(
  amount: bigint,
  unit: bigint,
  claims: readonly { readonly key: string; readonly weight: bigint }[],
): Map<string, bigint> {
  const total = claims.reduce((sum, { weight }) => sum + weight, 0n);
  const size = (amount < 0n ? -amount : amount) / unit;
  const parts = new Map(claims.map(({ key, weight }) => [key, (size * weight) / total]));
  let left = size - [...parts.values()].reduce((sum, part) => sum + part, 0n);
  const remainder = ({ weight }: { weight: bigint }) => (size * weight) % total;
  for (const one of claims.toSorted((a, b) =>
    remainder(a) === remainder(b) ? (a.key < b.key ? -1 : 1) : remainder(a) > remainder(b) ? -1 : 1,
  )) {
    if (left === 0n) break;
    parts.set(one.key, (parts.get(one.key) ?? 0n) + 1n);
    left -= 1n;
  }
  return new Map([...parts].map(([key, part]) => [key, (amount < 0n ? -part : part) * unit]));
}

interface RandomMonth {
  readonly resources: readonly OwnedResource[];
  readonly invoices: readonly ProviderInvoice[];
  readonly pools: readonly { readonly pool: string; readonly method: string; readonly weights?: Record<string, number> }[];
}

function randomMonth(random: SeededRandom, month: string): RandomMonth {
  const seconds = (endMs(month) - startMs(month)) / 1000;
  const at = () => startMs(month) + random.below(seconds) * 1000;
  const owner = () => random.pick([...TENANTS, null]);
  const resources = Array.from({ length: 1 + random.below(6) }, (): OwnedResource => {
    const moves = [...new Set(Array.from({ length: random.below(4) }, at))].sort((a, b) => a - b);
    const owners = [startMs(month) - 86_400_000, ...moves].map((fromMs) => ({ fromMs, tenant: owner() }));
    return { id: randomUUID(), kind: 'droplet', owners };
  });
  const amount = () => {
    const digits = random.pick([2, 2, 2, 4]);
    const text = String(random.below(10 ** (digits + 1 + random.below(3)))).padStart(digits + 1, '0');
    return `${random.chance(0.1) ? '-' : ''}${text.slice(0, -digits)}.${text.slice(-digits)}`;
  };
  const line = (): ProviderLine => {
    const [one, other] = [at(), at()];
    const times = random.chance(0.8)
      ? { fromMs: Math.min(one, other), untilMs: Math.max(one, other) + 1000, hours: String(random.below(700)) }
      : {};
    const resource = random.pick(resources);
    const lines: ProviderLine[] = [
      { product: 'Droplets', kind: 'droplet', resourceId: resource.id, amount: amount(), ...times },
      { product: 'Droplets', kind: 'droplet', resourceId: resource.id, amount: amount(), ...times },
      { product: 'Volumes', kind: 'volume', tenant: owner(), amount: amount(), ...times },
      { product: 'Support', kind: 'account', amount: amount() },
      { product: 'Bandwidth Overage', kind: 'account', amount: amount() },
      { product: 'Taxes', kind: 'tax', amount: amount() },
      { product: 'Credits', kind: 'credit', amount: `-${amount().replace('-', '')}` },
      { product: 'Novelty', kind: 'other', amount: amount() },
    ];
    return random.pick(lines);
  };
  const invoices = Array.from({ length: 1 + random.below(3) }, (): ProviderInvoice => {
    const lines = Array.from({ length: random.below(14) }, line);
    const kind = random.below(5);
    if (kind === 0) return { lines, amount: amount(), reconciliation: 'mismatch' };
    if (kind === 1) return { lines, amount: amount(), reconciliation: 'released' };
    return { lines };
  });
  const pools = POOLS.filter(() => random.chance(0.6)).map((pool) => {
    const method = random.pick(['keep', 'house', 'even', 'weighted', 'proportional']);
    return { pool, method, ...(method === 'weighted' && { weights: { acme: 1 + random.below(9), dora: 1 + random.below(9) } }) };
  });
  return { resources, invoices, pools };
}

const POOL_OF: Readonly<Record<string, string | undefined>> = { tax: 'provider_tax', credit: 'provider_credits', account: 'account_wide' };

/** Buy amounts by tenant and bucket, computed line by line. */
function naiveBuckets(month: string, { resources, invoices, pools }: RandomMonth) {
  const direct = new Map<string, bigint>();
  const shared = new Map<string, bigint>();
  const kept = { house: 0n, unattributed: 0n, tax_kept: 0n, credits_kept: 0n };
  const pooled = new Map<string, bigint>();
  /** Pools with an amount of four places, which are split in its units. */
  const fine = new Set<string>();
  const add = (to: Map<string, bigint>, key: string, amount: bigint) => to.set(key, (to.get(key) ?? 0n) + amount);
  let payable = 0n;
  for (const invoice of invoices.filter(({ reconciliation }) => reconciliation !== 'mismatch')) {
    const lines = invoice.lines.map((line) => ({ ...line, size: units(line.amount) }));
    payable += invoice.amount === undefined ? lines.reduce((sum, { size }) => sum + size, 0n) : units(invoice.amount);
    for (const { kind, product, size, amount, resourceId, tenant, fromMs, untilMs } of lines) {
      const pool = kind === 'account' && product === 'Support' ? 'support' : POOL_OF[kind];
      if (pool !== undefined) {
        add(pooled, pool, size);
        if ((amount.split('.')[1]?.length ?? 0) > 2) fine.add(pool);
        continue;
      }
      const [since, until] = [fromMs ?? startMs(month), untilMs ?? endMs(month)];
      const owners = resources.find(({ id }) => id === resourceId)?.owners ?? [{ fromMs: 0, tenant: tenant ?? null }];
      const firstOwned = owners.findIndex((one) => one.tenant !== null);
      const claims = new Map<string, bigint>();
      for (const [nth, one] of owners.entries()) {
        const from = nth <= firstOwned ? -Infinity : one.fromMs;
        const part = Math.min(until, owners[nth + 1]?.fromMs ?? Infinity) - Math.max(since, from);
        if (part > 0 && nth >= Math.max(firstOwned, 0)) add(claims, one.tenant ?? '', BigInt(part));
      }
      const unit = (amount.split('.')[1]?.length ?? 0) > 2 ? 1n : 100n;
      const weighed = [...claims].map(([key, weight]) => ({ key, weight }));
      if (unit === 1n && claims.has('')) fine.add('unattributed');
      for (const [key, part] of naiveSplit(size, unit, weighed)) add(key === '' ? pooled : direct, key === '' ? 'unattributed' : key, part);
    }
  }
  const buckets = {
    account_wide: 'house',
    support: 'house',
    unattributed: 'unattributed',
    provider_tax: 'tax_kept',
    provider_credits: 'credits_kept',
  } as const;
  for (const pool of POOLS) {
    const amount = pooled.get(pool) ?? 0n;
    const { method = 'keep', weights = {} } = pools.find((one) => one.pool === pool) ?? {};
    const claims = {
      even: [...direct.keys()].map((key) => ({ key, weight: 1n })),
      weighted: Object.entries(weights).map(([key, weight]) => ({ key, weight: BigInt(weight) })),
      proportional: [...direct].filter(([, net]) => net > 0n).map(([key, weight]) => ({ key, weight })),
    };
    const claimed = method === 'even' || method === 'weighted' || method === 'proportional' ? claims[method] : [];
    if (claimed.length === 0 || !pooled.has(pool)) kept[method === 'house' ? 'house' : buckets[pool]] += amount;
    else {
      for (const [key, part] of naiveSplit(amount, fine.has(pool) ? 1n : 100n, claimed)) add(shared, key, part);
    }
  }
  return { direct, shared, kept, payable };
}

describe(`random months, seed ${SEED}`, () => {
  it('puts each amount of the provider into exactly one bucket, as a walk over the lines does [TBL-1]', async () => {
    const random = new SeededRandom(SEED);
    const pools = world.service(PoolService);
    let shares = 0;
    for (let nth = 0; nth < MONTHS; nth++) {
      const month = await nextMonth();
      const given = randomMonth(random, month);
      await world.resources(given.resources);
      await world.invoices(month, given.invoices);
      const keepAll = POOLS.map((pool) => ({ pool, method: 'keep' as const }));
      await pools.set(
        month,
        keepAll.map((one) => (given.pools.find(({ pool }) => pool === one.pool) as typeof one | undefined) ?? one),
        BECAUSE,
      );
      await rated(month);
      const expected = naiveBuckets(month, given);
      const answer = await pnl(month);
      const of = (name: 'buy_direct' | 'buy_shared') =>
        Object.fromEntries(answer.tenants.map((one) => [one.tenant_id, units(one[name])]).filter(([, amount]) => amount !== 0n));
      const nonZero = (amounts: Map<string, bigint>) => Object.fromEntries([...amounts].filter(([, amount]) => amount !== 0n));
      expect({ month, direct: of('buy_direct'), shared: of('buy_shared') }).toEqual({
        month,
        direct: nonZero(expected.direct),
        shared: nonZero(expected.shared),
      });
      const { house, unattributed, tax_kept, credits_kept } = answer;
      const kept = { house, unattributed, tax_kept, credits_kept };
      expect(Object.fromEntries(Object.entries(kept).map(([name, amount]) => [name, units(amount)]))).toEqual(expected.kept);
      expect([units(answer.payable), answer.difference, answer.stale]).toEqual([expected.payable, '0.00', false]);
      expect(answer.unreconciled_invoices).toHaveLength(
        given.invoices.filter(({ reconciliation }) => reconciliation === 'mismatch').length,
      );
      expect(answer.total.sell).toBe(answer.tenants.length === 0 ? '0.00' : passThrough(answer));
      shares += expected.shared.size;
    }
    expect(shares).toBeGreaterThan(0);
  });
});

/** On the default card tenants pay what the provider charges. */
function passThrough({ total }: PnlView): string {
  const sum = units(total.buy_direct) + units(total.buy_shared);
  expect(units(total.sell)).toBe(sum);
  return total.sell;
}

describe('a rated month', () => {
  const DROPLETS = 'Droplets';
  let month: string;
  let droplet: string;
  beforeEach(async () => {
    month = await nextMonth();
    const keepAll = POOLS.map((pool) => ({ pool, method: 'keep' as const }));
    await world.service(PoolService).set(month, keepAll, BECAUSE);
    droplet = randomUUID();
    const middle = startMs(month) + (endMs(month) - startMs(month)) / 2;
    const owners = [
      { fromMs: 0, tenant: 'acme' },
      { fromMs: middle, tenant: 'birch' },
    ];
    await world.resources([{ id: droplet, kind: 'droplet', sizeSlug: 's-2vcpu-4gb', tags: ['rate:gold', 'web'], owners }]);
    await world.invoices(month, [
      {
        lines: [
          { product: DROPLETS, kind: 'droplet', description: 'web (s-2vcpu-4gb)', resourceId: droplet, hours: '672', amount: '24.01' },
          { product: 'Volumes', kind: 'volume', tenant: 'acme', hours: '672', amount: '10.00' },
          { product: 'Support', kind: 'account', amount: '100.00' },
          { product: 'Taxes', kind: 'tax', amount: '13.40' },
        ],
      },
    ]);
  });

  it('splits a line by the seconds of its owners, and rates the same inputs to the same bytes [TBL-2]', async () => {
    const first = await rated(month);
    const lines = await storedLines(month);
    expect(first).toMatchObject({ status: 'completed', totals: { payable: '147.41', sell: '34.01', tenants: 2 } });
    const { tenants, house, tax_kept } = await pnl(month);
    expect(tenants.map(({ tenant_id, buy_direct, sell }) => [tenant_id, buy_direct, sell])).toEqual([
      ['acme', '22.01', '22.01'],
      ['birch', '12.00', '12.00'],
    ]);
    expect([house, tax_kept]).toEqual(['100.00', '13.40']);
    for (let nth = 0; nth < REFRESHES; nth++) {
      const again = await rated(month);
      expect([again.inputs_digest, again.lines_digest]).toEqual([first.inputs_digest, first.lines_digest]);
      expect(await storedLines(month)).toBe(lines);
    }
    await world
      .service(RateAssignments)
      .createOverride(
        { tenant_id: 'birch', model: { type: 'free' }, valid_from: month, valid_to: monthNo(months + 1), reason: 'a gift' },
        BECAUSE,
      );
    const changed = await rated(month);
    expect(changed.inputs_digest).not.toBe(first.inputs_digest);
    expect(changed.totals?.sell).toBe('22.01');
  });

  it('keeps the old lines when a rating ends before its commit, and claims its run again [TBL-2]', async () => {
    await rated(month);
    const lines = await storedLines(month);
    await world.invoices(month, [{ lines: [{ product: 'Volumes', kind: 'volume', tenant: 'cedar', amount: '1.00' }] }]);
    const rating = world.service(RatingService);
    const of = { issuerId: 'default', period: `${month}-01` };
    const dies = () => Promise.reject(new Error('the process ends here'));
    await expect(rating.rate(of, () => Promise.resolve(), dies)).rejects.toThrow('ends here');
    expect(await storedLines(month)).toBe(lines);
    const killed = async () => {
      await world.owner.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()`,
      );
    };
    await expect(rating.rate(of, killed, () => Promise.resolve())).rejects.toThrow(Error);
    expect(await storedLines(month)).toBe(lines);
    expect((await pnl(month)).stale).toBe(true);
    const runs = world.service(BillingRunService);
    const { id } = await runs.create(month, BECAUSE);
    await world.owner.query(`update billing_runs set status = 'running', lease_until = now() - interval '1 second' where id = $1`, [id]);
    expect(await runs.due(10)).toContain(id);
    await runs.run(id);
    expect(await storedLines(month)).not.toBe(lines);
    expect((await pnl(month)).stale).toBe(false);
    await expect(runs.run(id)).rejects.toMatchObject({ code: 'billing_run_not_claimable' });
  });

  it('takes the price of the resource before that of the tenant, its card and the default card, and names what has none', async () => {
    const cards = world.service(RateCardService);
    const assignments = world.service(RateAssignments);
    const gold = await cards.create(`Gold ${month}`, BECAUSE);
    const rates = [
      { selector: { kind: 'droplet', sku: 's-2vcpu-*', tag: 'rate:gold' }, model: { type: 'cost_plus', percent: '100' } },
      { selector: { kind: 'droplet' }, model: { type: 'cost_plus', percent: '10' } },
    ];
    await cards.createVersion(gold.id, { valid_from: month, rates, monthly: { discount_percent: '50', recurring_fee: '7' } }, BECAUSE);
    const simulated = async () =>
      Object.fromEntries(
        (await world.service(RatingService).simulate(month, gold.id, 1)).map((one) => [one.tenant_id, [one.now, one.simulated]]),
      );
    await assignments.assign('birch', gold.id, month, BECAUSE);
    expect(await simulated()).toEqual({ acme: ['22.01', '22.01'], birch: ['12.00', '19.00'] });
    await cards.publish(gold.id, 1, BECAUSE);
    const sells = async () => {
      await rated(month);
      return Object.fromEntries((await pnl(month)).tenants.map(({ tenant_id, sell }) => [tenant_id, sell]));
    };
    expect(await sells()).toEqual({ acme: '22.01', birch: '19.00' });
    await assignments.createOverride(
      {
        tenant_id: 'birch',
        model: { type: 'cost_plus', percent: '50' },
        valid_from: month,
        valid_to: monthNo(months + 1),
        reason: 'a deal',
      },
      BECAUSE,
    );
    expect((await sells()).birch).toBe('16.00');
    await assignments.createOverride(
      { resource_id: droplet, model: { type: 'free' }, valid_from: month, valid_to: monthNo(months + 1), reason: 'a gift' },
      BECAUSE,
    );
    expect(await sells()).toEqual({ acme: '10.00', birch: '7.00' });
    const { data: listed } = await assignments.listOverrides({ limit: 50 }, { resource_id: droplet });
    const { rows: named } = await world.owner.query('select name from cloud_resources where id = $1', [droplet]);
    expect(listed).toMatchObject([{ resource_id: droplet, resource_name: named[0]?.name }]);

    const partial = await cards.create(`Partial ${month}`, BECAUSE);
    await cards.createVersion(partial.id, { valid_from: month, rates: rates.slice(1) }, BECAUSE);
    await cards.publish(partial.id, 1, BECAUSE);
    const [before] = (await cards.list({ limit: 50 })).data.filter(({ is_default }) => is_default);
    await cards.update(partial.id, { is_default: true }, BECAUSE);
    const { problems } = await rated(month);
    await cards.update(before?.id ?? '', { is_default: true }, BECAUSE);
    expect(problems.filter(({ severity }) => severity === 'critical')).toEqual([
      expect.objectContaining({ code: 'no_rate', path: 'tenants/acme', detail: expect.stringContaining('Volumes') as string }),
    ]);
  });

  it('names a month without an invoice of the provider as a critical problem, and not as complete', async () => {
    const { problems } = await rated('2019-01');
    expect(problems.filter(({ severity }) => severity === 'critical').map(({ code }) => code)).toEqual(['no_provider_invoice']);
  });

  it('never changes a published version for any role, nor prices that are no prices', async () => {
    const cards = world.service(RateCardService);
    const card = await cards.create(`Fixed ${month}`, BECAUSE);
    const input = { valid_from: month, rates: [{ model: { type: 'free' } }] };
    await cards.createVersion(card.id, input, BECAUSE);
    await cards.replaceVersion(card.id, 1, { ...input, rates: [{ model: { type: 'cost_plus', percent: '5' } }] }, BECAUSE);
    const { digest } = await cards.publish(card.id, 1, BECAUSE);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    await expect(cards.replaceVersion(card.id, 1, input, BECAUSE)).rejects.toMatchObject({ code: 'version_published' });
    for (const statement of [
      'update rate_card_versions set monthly = $$ {} $$ where card_id = $1',
      'delete from rate_card_versions where card_id = $1',
      `update rates set model = '{"type": "free"}' where card_id = $1`,
      'delete from rates where card_id = $1',
      `insert into rates (card_id, version, model) values ($1, 1, '{}')`,
    ])
      await expect(world.owner.query(statement, [card.id])).rejects.toThrow(/never change/);
    await cards.createVersion(card.id, input, BECAUSE);
    await expect(cards.publish(card.id, 2, BECAUSE)).rejects.toMatchObject({ code: 'month_taken' });
    const wrong = { valid_from: month, rates: [{ selector: { tag: 'mine' }, model: { type: 'gift' } }] };
    await expect(cards.createVersion(card.id, wrong, BECAUSE)).rejects.toMatchObject({ code: 'validation_failed' });
  });

  it('names what profiles lack instead of failing, and refuses a change that is based on an older version', async () => {
    const profiles = world.service(BillingProfiles);
    const missing = async () => (await rated(month)).problems.map(({ code, path }) => `${code} ${path}`).sort();
    const ofIssuer = Array.from({ length: 3 }, () => 'issuer_incomplete issuers/default');
    expect(await missing()).toEqual([...ofIssuer, 'profile_incomplete tenants/acme', 'profile_incomplete tenants/birch']);
    const empty = await profiles.profile('acme');
    expect(empty).toMatchObject({ version: 0, legal_name: null, problems: [{ field: 'legal_name' }, {}, {}, {}] });
    const fields = { ...empty, legal_name: 'Acme GmbH', address: 'Berlin', country: 'DE', is_business: true };
    expect(await profiles.replaceProfile('acme', fields, 0, BECAUSE)).toMatchObject({ version: 1, problems: [], changed_by: 'ops' });
    await expect(profiles.replaceProfile('acme', fields, 0, BECAUSE)).rejects.toMatchObject({ code: 'version_moved' });
    await expect(profiles.profile('nobody')).rejects.toMatchObject({ code: 'tenant_not_found' });
    expect(await missing()).toEqual([...ofIssuer, 'profile_incomplete tenants/birch']);
  });

  it('has the digest of the service on the card that exists from the start', async () => {
    const cards = world.service(RateCardService);
    const standard = (await cards.list({ limit: 50 })).data.find(({ name }) => name === 'Pass-through');
    const { digest, rates, monthly, valid_from } = await cards.version(standard?.id ?? '', 1);
    expect({ digest, valid_from, monthly: monthly.discount_percent, model: rates[0]?.model.type }).toEqual({
      digest: 'fc638ca60a5c9378d99f6e8858f5bef3f400b16bf3337e768ad93e658e23a238',
      valid_from: '2012-01',
      monthly: null,
      model: 'cost_plus',
    });
  });
});

it('counts backups where the provider writes their number, and hours or pieces elsewhere', async () => {
  const month = await nextMonth();
  const lines = [
    { product: 'Droplets', kind: 'droplet', description: 'web (s-2vcpu-4gb)', tenant: 'acme', hours: '672', amount: '24.00' },
    {
      product: 'Droplet Backups',
      kind: 'droplet_backup',
      description: 'web (Weekly Backup Services)',
      tenant: 'acme',
      hours: '4',
      amount: '4.80',
    },
    { product: 'Spaces', kind: 'account', description: 'Bandwidth', tenant: 'acme', hours: null, amount: '1.00' },
  ];
  await world.invoices(month, [{ lines }]);
  await rated(month);
  const { rows } = await world.owner.query(
    `select description, quantity::float as quantity, unit from rated_lines where period = $1 and description in ('web (s-2vcpu-4gb)', 'web (Weekly Backup Services)')
      order by line_no`,
    [`${month}-01`],
  );
  expect(rows).toEqual([
    { description: 'web (s-2vcpu-4gb)', quantity: 672, unit: 'hour' },
    { description: 'web (Weekly Backup Services)', quantity: 4, unit: 'backup' },
  ]);
});
