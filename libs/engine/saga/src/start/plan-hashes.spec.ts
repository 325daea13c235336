import type { Config } from '#libs/config';
import type { PlanContent, PlannedPrice } from '../definition/plan';
import { costOf, EMPTY_PLAN } from './plan-content';
import { PlanHashes } from './plan-hashes';

const MINUTE_MS = 60_000;
const NOON = Date.UTC(2026, 10, 29, 12, 0, 30);
const price: PlannedPrice = { hourly: '0.00893', monthly: '6.00', currency: 'USD', source: 'catalog', as_of: '2026-11-29', note: null };
const created = { kind: 'droplet', name: 'web', size_slug: 's-1', region: 'fra1', price };
const plan: PlanContent = { ...EMPTY_PLAN, creates: [created], limits: [limit({})], holds: ['droplet:1'] };
const asked = { kind: 'provision_droplet', tenantId: 'acme', input: { name: 'web' } };

function limit(more: Partial<PlanContent['limits'][number]>) {
  return { limit: 'max_droplets', allowed: 20, used: 1, reserved: 0, requested: 1, ok: true, ...more };
}
const hashesAt = (nowMs: number, key = 'a key of tests') =>
  new PlanHashes({ clockMs: async () => nowMs }, { saga: { planKey: () => key } } as unknown as Config);
const hash = async (content: PlanContent, atMs = NOON, key?: string) => {
  const hashes = hashesAt(atMs, key);
  return hashes.issue(hashes.fingerprint({ ...asked, plan: content }), content);
};

it.each([
  ['the age of a price', { creates: [{ ...created, price: { ...price, as_of: '2026-11-30' } }] }],
  ['what others use of a limit', { limits: [limit({ used: 7, reserved: 2 })] }],
  ['what stays', { leaves: [{ kind: 'snapshot', name: 'old', price, why: 'it stays' }] }],
  ['a warning', { warnings: [{ code: 'not_listed', detail: 'it was not listed' }] }],
])('keeps its hash when only %s changes [TNT-4]', async (_what, change: Partial<PlanContent>) => {
  expect((await hash({ ...plan, ...change })).plan_hash).toBe((await hash(plan)).plan_hash);
});

it.each([
  ['a size', { creates: [{ ...created, size_slug: 's-2' }] }],
  ['a price', { creates: [{ ...created, price: { ...price, monthly: '7.00' } }] }],
  ['a target', { holds: ['droplet:2'] }],
  ['a field', { changes: [{ resource_id: null, name: 'web', field: 'name', from: 'a', to: 'b' }] }],
  ['a limit that binds', { limits: [limit({ allowed: 5 })] }],
  ['the need of an approval', { approval: { required: true, why: 'it costs much' } }],
])('has another hash when %s changes [TNT-4]', async (_what, change: Partial<PlanContent>) => {
  expect((await hash({ ...plan, ...change })).plan_hash).not.toBe((await hash(plan)).plan_hash);
});

it('cannot be made without the key of the server, and not for another tenant [TNT-4]', async () => {
  const { plan_hash } = await hash(plan);
  expect((await hash(plan, NOON, 'another key')).plan_hash).not.toBe(plan_hash);
  const hashes = hashesAt(NOON);
  expect(await hashes.matches(plan_hash, hashes.fingerprint({ ...asked, plan }), plan)).toBe(true);
  expect(await hashes.matches(plan_hash, hashes.fingerprint({ ...asked, tenantId: 'bolt', plan }), plan)).toBe(false);
});

it('is valid until its stated end, 15 minutes after its minute, and not afterwards [TNT-4]', async () => {
  const { plan_hash, plan_expires_at } = await hash(plan);
  expect(plan_expires_at).toBe('2026-11-29T12:16:00.000Z');
  const valid = (atMs: number) => hashesAt(atMs).matches(plan_hash, hashesAt(atMs).fingerprint({ ...asked, plan }), plan);
  expect(await valid(Date.parse(plan_expires_at) - 1)).toBe(true);
  expect(await valid(Date.parse(plan_expires_at))).toBe(false);
  expect(await valid(NOON - MINUTE_MS)).toBe(false);
});

it.each([
  {
    before: [],
    after: [price],
    expected: { before_monthly: '0.00', after_monthly: '6.00', delta_monthly: '6.00', delta_hourly: '0.00893' },
  },
  { before: [price], after: [], expected: { after_monthly: '0.00', delta_monthly: '-6.00', delta_hourly: '-0.00893' } },
  { before: [price], after: [null], expected: { before_monthly: '6.00', after_monthly: null, delta_monthly: null, delta_hourly: null } },
  { before: [], after: [], expected: { before_monthly: '0.00', delta_monthly: '0.00', source: null } },
])('adds up the prices $before and $after, and never counts an unknown one as zero [TNT-4, PRC-1]', ({ before, after, expected }) => {
  expect(costOf({ before, after })).toMatchObject(expected);
});
