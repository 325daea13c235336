import { BillingProfiles, RateAssignments, RateCardService, RatingService } from '#libs/tenant-billing';
import { RatedMonths } from './rated-months';
import { BECAUSE, newRatingWorld, type RatingWorld } from './rating-world';

let world: RatingWorld;
let months: RatedMonths;
beforeAll(async () => {
  world = await newRatingWorld();
  months = new RatedMonths(world);
});
afterAll(() => world.close());

let month: string;
let droplet: string;
beforeEach(async () => {
  ({ month, droplet } = await months.ofTwoOwners());
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
    await months.rated(month);
    return Object.fromEntries((await months.pnl(month)).tenants.map(({ tenant_id, sell }) => [tenant_id, sell]));
  };
  expect(await sells()).toEqual({ acme: '22.01', birch: '19.00' });
  await assignments.createOverride(
    {
      tenant_id: 'birch',
      model: { type: 'cost_plus', percent: '50' },
      valid_from: month,
      valid_to: months.following(),
      reason: 'a deal',
    },
    BECAUSE,
  );
  expect((await sells()).birch).toBe('16.00');
  await assignments.createOverride(
    { resource_id: droplet, model: { type: 'free' }, valid_from: month, valid_to: months.following(), reason: 'a gift' },
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
  await cards.update(partial.id, { is_default: true, default_from: month }, BECAUSE);
  const { problems } = await months.rated(month);
  await cards.update(before?.id ?? '', { is_default: true, default_from: month }, BECAUSE);
  expect(problems.filter(({ severity }) => severity === 'critical')).toEqual([
    expect.objectContaining({ code: 'no_rate', path: 'tenants/acme', detail: expect.stringContaining('Volumes') as string }),
  ]);
});

it('leaves a month that is past as it was when another card becomes the default [TBL-9]', async () => {
  const cards = world.service(RateCardService);
  const [standard] = (await cards.list({ limit: 50 })).data.filter(({ is_default }) => is_default);
  const dear = await cards.create(`Dear ${month}`, BECAUSE);
  await cards.createVersion(dear.id, { valid_from: month, rates: [{ model: { type: 'cost_plus', percent: '100' } }] }, BECAUSE);
  await cards.publish(dear.id, 1, BECAUSE);
  const before = await months.rated(month);
  const lines = await months.storedLines(month);
  expect(await cards.update(dear.id, { is_default: true }, BECAUSE)).toMatchObject({ is_default: true });
  const defaults = (await cards.list({ limit: 50 })).data.filter(({ is_default }) => is_default);
  expect(defaults.map(({ id }) => id)).toEqual([dear.id]);
  const after = await months.rated(month);
  expect([after.inputs_digest, after.lines_digest]).toEqual([before.inputs_digest, before.lines_digest]);
  expect(await months.storedLines(month)).toBe(lines);

  const later = months.following();
  await cards.update(standard?.id ?? '', { is_default: true }, BECAUSE);
  await cards.update(dear.id, { is_default: true, default_from: month }, BECAUSE);
  await cards.update(standard?.id ?? '', { is_default: true, default_from: later }, BECAUSE);
  await months.rated(month);
  expect((await months.pnl(month)).tenants[0]).toMatchObject({ tenant_id: 'acme', sell: '44.02' });
  expect(await world.service(RateAssignments).defaultMonthsOf(dear.id)).toContainEqual({ valid_from: month, valid_to: later });
  await cards.update(standard?.id ?? '', { is_default: true, default_from: month }, BECAUSE);
});

it('takes a default card that a process of the previous release sets from the present month on', async () => {
  const cards = world.service(RateCardService);
  const [standard] = (await cards.list({ limit: 50 })).data.filter(({ is_default }) => is_default);
  const other = await cards.create(`Other ${month}`, BECAUSE);
  await world.owner.query('update rate_cards set is_default = false where is_default');
  await world.owner.query('update rate_cards set is_default = true where id = $1', [other.id]);
  const present = new Date().toISOString().slice(0, 7);
  expect(await world.service(RateAssignments).defaultMonthsOf(other.id)).toEqual([{ valid_from: present, valid_to: null }]);
  await cards.update(standard?.id ?? '', { is_default: true }, BECAUSE);
  const { rows } = await world.owner.query('select id from rate_cards where is_default');
  expect(rows).toEqual([{ id: standard?.id }]);
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
  const missing = async () => (await months.rated(month)).problems.map(({ code, path }) => `${code} ${path}`).sort();
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
