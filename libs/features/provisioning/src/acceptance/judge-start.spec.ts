import { listPrice, type RateOf } from '#libs/catalog';
import { Money } from '#libs/kernel';
import type { GuardedStart } from '#libs/saga';
import type { Limits } from '#libs/tenants';
import { amountsOwned, demandOf, NONE, reservedBy, type Facts, type OwnedGroup } from './demand';
import { judgeStart, type Account } from './judge-start';

const SIZES: Record<string, { vcpus: number; monthly: string }> = {
  's-1vcpu-1gb': { vcpus: 1, monthly: '6.00' },
  's-8vcpu-16gb': { vcpus: 8, monthly: '96.00' },
  'm-32vcpu-256gb': { vcpus: 32, monthly: '1344.00' },
  'x-1': { vcpus: 1, monthly: '5.00' },
};
const RATES: Record<string, string> = { snapshot: '0.06', volume: '0.10', 'backups:weekly': '20', 'backups:daily': '30' };
const asOf = '2026-11-01T00:00:00.000Z';
const rateOf: RateOf = (product) => {
  const amount = RATES[product] ?? SIZES[product.replace('droplet:', '')]?.monthly;
  return amount === undefined ? undefined : { amount, source: 'configured', asOf };
};
const SMALL = { size: 's-1vcpu-1gb', vcpus: 1, disk: 25, plan: null };
const facts: Facts = { rateOf, vcpusOf: (size) => SIZES[size]?.vcpus, droplet: (id) => (id === 'small' ? SMALL : undefined) };

const NO_LIMITS: Limits = {
  max_droplets: null,
  max_vcpus: null,
  max_volume_gib: null,
  max_snapshots: null,
  max_monthly_cost: null,
  allowed_sizes: null,
  allowed_regions: null,
  approval_over_monthly: null,
  max_destroys_per_hour: null,
  unique_names: false,
  open_sagas: null,
};

const accountWith = (limits: Partial<Limits>, state: Partial<Account> = {}): Account => ({
  tenantId: 'acme',
  limits: { ...NO_LIMITS, ...limits },
  status: 'active',
  ordersBlockedReason: null,
  used: NONE,
  reserved: NONE,
  openSagas: 0,
  destroyAgesMs: [],
  takenNames: [],
  ...state,
});

const order = (input: Record<string, unknown> = {}, by: Partial<GuardedStart> = {}): GuardedStart => ({
  kind: 'provision_droplet',
  input: { name: 'web', size_slug: 's-1vcpu-1gb', region: 'fra1', ...input },
  tenantId: 'acme',
  ownerId: 'acme',
  ...by,
});
const LAST = { resource_id: 'small', final_snapshot: true };
const of = (kind: string, input: Record<string, unknown> = { resource_id: 'small' }): GuardedStart => ({ ...order(), kind, input });
const codeOf = (start: GuardedStart, account: Account) => judgeStart(start, account, facts).refusal?.code ?? 'accepted';

it.each<{ what: string; start: GuardedStart; limits: Partial<Limits>; state?: Partial<Account>; code: string }>([
  {
    what: 'an order within all limits',
    start: order(),
    limits: { max_droplets: 1, max_vcpus: 1, max_monthly_cost: '6.00' },
    code: 'accepted',
  },
  { what: 'a droplet too many', start: order(), limits: { max_droplets: 0 }, code: 'limit_exceeded' },
  { what: 'a CPU too many', start: order({ size_slug: 's-8vcpu-16gb' }), limits: { max_vcpus: 7 }, code: 'limit_exceeded' },
  { what: 'a cent too many', start: order(), limits: { max_monthly_cost: '5.99' }, code: 'limit_exceeded' },
  { what: 'backups, which cost a fifth', start: order({ backups: true }), limits: { max_monthly_cost: '7.19' }, code: 'limit_exceeded' },
  { what: 'backups that fit', start: order({ backups: true }), limits: { max_monthly_cost: '7.20' }, code: 'accepted' },
  {
    what: 'a size outside the patterns',
    start: order({ size_slug: 'x-1' }),
    limits: { allowed_sizes: ['s-*', 'c-*'] },
    code: 'not_allowed',
  },
  { what: 'a size within the patterns', start: order(), limits: { allowed_sizes: ['c-*', 's-*vcpu-1gb'] }, code: 'accepted' },
  { what: 'a pattern that is no regular expression', start: order(), limits: { allowed_sizes: ['s.1vcpu.1gb'] }, code: 'not_allowed' },
  { what: 'a region outside the list', start: order(), limits: { allowed_regions: ['ams3'] }, code: 'not_allowed' },
  { what: 'any size where none is allowed', start: order(), limits: { allowed_sizes: [] }, code: 'not_allowed' },
  { what: 'a name that is taken', start: order(), limits: { unique_names: true }, state: { takenNames: ['web'] }, code: 'name_taken' },
  { what: 'a name that may be taken twice', start: order(), limits: {}, state: { takenNames: ['web'] }, code: 'accepted' },
  { what: 'an order without a price', start: order({ size_slug: 'new-1' }), limits: {}, code: 'unpriced_order' },
  { what: 'a snapshot too many', start: of('snapshot_droplet'), limits: { max_snapshots: 0 }, code: 'limit_exceeded' },
  { what: 'a last snapshot too many', start: of('destroy_droplet', LAST), limits: { max_snapshots: 0 }, code: 'limit_exceeded' },
  {
    what: 'a last snapshot that costs less than its droplet did',
    start: of('destroy_droplet', LAST),
    limits: { max_snapshots: 1, max_monthly_cost: '0.00', approval_over_monthly: '0.00' },
    code: 'accepted',
  },
  {
    what: 'a destroy with a last snapshot while orders are blocked',
    start: of('destroy_droplet', LAST),
    limits: {},
    state: { ordersBlockedReason: 'unpaid' },
    code: 'accepted',
  },
  {
    what: 'a destroy with a last snapshot too many within the hour',
    start: of('destroy_droplet', LAST),
    limits: { max_destroys_per_hour: 1 },
    state: { destroyAgesMs: [60_000] },
    code: 'too_many_destroys',
  },
  {
    what: 'a snapshot that costs as much as its whole disk',
    start: of('snapshot_droplet'),
    limits: { max_monthly_cost: '1.49' },
    code: 'limit_exceeded',
  },
  {
    what: 'a resize with its difference',
    start: of('resize_droplet', { resource_id: 'small', size_slug: 's-8vcpu-16gb' }),
    limits: { max_vcpus: 7, max_droplets: 0 },
    code: 'accepted',
  },
  {
    what: 'a resize above the limit',
    start: of('resize_droplet', { resource_id: 'small', size_slug: 's-8vcpu-16gb' }),
    limits: { max_vcpus: 6 },
    code: 'limit_exceeded',
  },
  {
    what: 'a revert to a larger size',
    start: of('revert_droplet', { resource_id: 'small', fields: ['size_slug'], size_slug: 's-8vcpu-16gb' }),
    limits: { max_vcpus: 6 },
    code: 'limit_exceeded',
  },
  {
    what: 'a revert of the name',
    start: of('revert_droplet', { resource_id: 'small', fields: ['name'], size_slug: 's-8vcpu-16gb' }),
    limits: { max_vcpus: 0 },
    code: 'accepted',
  },
  {
    what: 'an open saga too many',
    start: of('delete_dns_record', {}),
    limits: { open_sagas: 50 },
    state: { openSagas: 50 },
    code: 'too_many_sagas',
  },
  {
    what: 'a start of the platform beside full open sagas',
    start: order({}, { tenantId: null }),
    limits: { open_sagas: 0 },
    code: 'accepted',
  },
  { what: 'an order for a suspended tenant', start: order(), limits: {}, state: { status: 'suspended' }, code: 'tenant_not_active' },
  {
    what: 'an order while orders are blocked',
    start: order(),
    limits: {},
    state: { ordersBlockedReason: 'unpaid' },
    code: 'orders_blocked',
  },
  {
    what: 'a destroy while orders are blocked',
    start: of('destroy_droplet'),
    limits: {},
    state: { ordersBlockedReason: 'unpaid' },
    code: 'accepted',
  },
  {
    what: 'a destroy above a lowered limit',
    start: of('destroy_droplet'),
    limits: { max_droplets: 0, max_vcpus: 0 },
    state: { used: { ...NONE, droplets: 9, vcpus: 9 } },
    code: 'accepted',
  },
  {
    what: 'a resize to a smaller size above a lowered limit',
    start: of('resize_droplet', { resource_id: 'small', size_slug: 'x-1' }),
    limits: { max_monthly_cost: '1.00', max_vcpus: 0 },
    code: 'accepted',
  },
])('judges $what: $code [TNT-2]', ({ start, limits, state, code }) => {
  expect(codeOf(start, accountWith(limits, state))).toBe(code);
});

it('counts what exists, what open sagas will create, and the starts before it in the batch [TNT-2]', () => {
  const account = accountWith({ max_droplets: 5 }, { used: { ...NONE, droplets: 2 }, reserved: { ...NONE, droplets: 1 } });
  expect([codeOf(order(), account), codeOf(order(), account)]).toEqual(['accepted', 'accepted']);
  expect(judgeStart(order(), account, facts).refusal).toMatchObject({
    code: 'limit_exceeded',
    reading: { limit: 'max_droplets', allowed: 5, used: 2, reserved: 3, requested: 1, ok: false },
  });
});

it('says when the first destroy is possible again', () => {
  const account = accountWith({ max_destroys_per_hour: 2 }, { destroyAgesMs: [3_000_000, 600_000] });
  const { refusal } = judgeStart(of('destroy_droplet'), account, facts);
  expect(refusal).toMatchObject({ code: 'too_many_destroys', category: 'rate_limited', retryAfterMs: 600_000 });
});

it('asks for approval of what adds more than the limit a month, and never of what adds as much', () => {
  const limits = { approval_over_monthly: '96.00' };
  const judge = (input: Record<string, unknown>) => judgeStart(order(input), accountWith(limits), facts).approval?.why;
  expect(judge({ size_slug: 's-8vcpu-16gb' })).toBeUndefined();
  expect(judge({ size_slug: 's-8vcpu-16gb', backups: true })).toBe(
    'Adds 115.20 USD a month at list prices; more than 96.00 USD needs approval',
  );
});

it('accepts by an override what all limits refuse, without approval, names each of them, and counts it', () => {
  const account = accountWith({ max_droplets: 0, allowed_sizes: [], approval_over_monthly: '1.00' }, { status: 'suspended' });
  const judgement = judgeStart(order({}, { tenantId: null, override: true }), account, facts);
  expect(judgement).toMatchObject({ overridden: ['tenant_not_active', 'not_allowed', 'max_droplets'] });
  expect([judgement.refusal, judgement.approval, account.reserved.droplets]).toEqual([undefined, undefined, 1]);
});

it('lets an admin order what has no price, which a tenant cannot', () => {
  expect(codeOf(order({ size_slug: 'new-1' }, { tenantId: null }), accountWith({ max_monthly_cost: '1.00' }))).toBe('accepted');
});

it('keeps a smaller size in use until the droplet has it', () => {
  const big: Facts = { ...facts, droplet: () => ({ size: 's-8vcpu-16gb', vcpus: 8, disk: 25, plan: null }) };
  const demand = demandOf('resize_droplet', { resource_id: 'big', size_slug: 's-1vcpu-1gb' });
  expect(reservedBy(demand, big)).toEqual(NONE);
  const start = { ...of('resize_droplet', { resource_id: 'big', size_slug: 's-1vcpu-1gb' }), tenantId: null };
  expect(judgeStart(start, accountWith({}), big).limits).toEqual([
    { limit: 'max_vcpus', allowed: null, used: 0, reserved: 0, requested: -7, ok: true },
    { limit: 'max_monthly_cost', allowed: null, used: '0.00', reserved: '0.00', requested: '-90.00', ok: true },
  ]);
});

it('adds up what a tenant has at list prices, each group as often as it exists', () => {
  const group = (kind: string, more: Partial<OwnedGroup>): OwnedGroup => ({
    kind,
    size: null,
    plan: null,
    gib: null,
    nodes: null,
    assigned: false,
    count: 1,
    vcpus: null,
    ...more,
  });
  const owned = amountsOwned(
    [
      group('droplet', { size: 's-1vcpu-1gb', count: 3, vcpus: 3 }),
      group('droplet', { size: 's-8vcpu-16gb', plan: 'daily' }),
      group('droplet', { size: 'retired-1', vcpus: 2 }),
      group('volume', { gib: '100', count: 2 }),
      group('snapshot', { gib: '2.5', count: 4 }),
    ],
    facts,
  );
  expect({ ...owned, monthly: owned.monthly.toAmountText() }).toEqual({
    droplets: 5,
    vcpus: 13,
    volumeGib: 200,
    snapshots: 4,
    monthly: '163.40',
  });
  expect(listPrice({ kind: 'droplet', sizeSlug: 'retired-1' }, rateOf)).toEqual({ unpriced: 'unknown_size' });
  expect(Money.parse('163.40').equals(owned.monthly)).toBe(true);
});
