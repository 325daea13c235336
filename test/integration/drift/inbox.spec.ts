import { Catalog } from '#libs/catalog';
import { AdoptionService, DriftService, DriftRuleService } from '#libs/drift';
import { ADMIN } from '../../support/principals';
import { ORDER } from '../../support/provisioning-world';
import { until } from '../../support/until';
import { newDriftWorld, type DriftWorld } from './drift-world';

let world: DriftWorld;
beforeEach(async () => {
  world = await newDriftWorld();
});
afterEach(() => world.close());

const inbox = async () => (await world.get(DriftService).list({}, { limit: 200 })).data;
it('says when drift was last detected, so that an empty list cannot pass for a new one (C5) [TRU-1]', async () => {
  await world.aDroplet();
  const asked = async () => {
    const [{ detected_at }, { data }] = await Promise.all([
      world.get(DriftService).list({}, { limit: 1 }),
      world.get(DriftService).summary(),
    ]);
    return [detected_at, data.detected_at];
  };
  expect(await asked()).toEqual([null, null]);
  await world.detect();
  const [first] = await asked();
  expect(await asked()).toEqual([first, first]);
  await world.detect();
  const [second] = await asked();
  expect(Date.parse(second ?? '')).toBeGreaterThan(Date.parse(first ?? ''));
  expect(await inbox()).toEqual([]);
});

const summary = async () => (await world.get(DriftService).summary()).data;

it('opens a drift within one cycle after a resize outside our sagas, with its cost and the action that caused it', async () => {
  await world.get(Catalog).refresh('provisioning');
  const { dropletId } = await world.aDroplet();
  await world.sweeps.run('action', { trigger: 'manual' });
  await world.actOutsideSagas(dropletId, { type: 'power_off' });
  await until(async () => (await world.simulator.droplets()).find(({ id }) => id === dropletId)?.status === 'off', { what: 'off' });
  await world.actOutsideSagas(dropletId, { type: 'resize', size: 's-2vcpu-4gb', disk: false });
  await world.sweeps.run('action', { trigger: 'manual' });
  await until(
    async () => {
      await world.sweepDroplets();
      return (await world.resource('droplet', String(dropletId)))?.size_slug === 's-2vcpu-4gb';
    },
    { what: 'the sweep of the new size' },
  );
  await world.sweepDroplets();
  await world.detect();
  const found = await inbox();
  expect(found.filter(({ field }) => field === 'power')).toMatchObject([{ expected: 'on', actual: 'off', severity: 'high' }]);
  expect(found.filter(({ field }) => field !== 'power')).toEqual([
    expect.objectContaining({
      field: 'size_slug',
      expected: 's-1vcpu-1gb',
      actual: 's-2vcpu-4gb',
      severity: 'high',
      monthly_price_delta: '18.00',
      currency: 'USD',
      cause: expect.objectContaining({
        action: 'resize',
        ours: false,
        saga_id: null,
        at: expect.stringMatching(/Z$/) as string,
      }) as unknown,
      tenant_id: 'acme',
      kind: 'droplet',
      saga_id: null,
      closed_at: null,
    }),
  ]);
});

it('names the action that caused a rebuild outside our sagas, although no event records images', async () => {
  const { dropletId } = await world.aDroplet();
  await world.sweeps.run('action', { trigger: 'manual' });
  await world.actOutsideSagas(dropletId, { type: 'rebuild', image: 'debian-12-x64' });
  await world.sweeps.run('action', { trigger: 'manual' });
  const hasNewImage = async () => {
    await world.sweepDroplets();
    return (await world.resource('droplet', String(dropletId)))?.attrs.image === 'debian-12-x64';
  };
  await until(hasNewImage, { what: 'the sweep of the new image' });
  await world.sweepDroplets();
  await world.detect();
  expect(await inbox()).toEqual([
    expect.objectContaining({ field: 'image', cause: expect.objectContaining({ action: 'rebuild', ours: false }) as unknown }),
  ]);
});

it('names our own saga as the cause of a change that it made', async () => {
  const { resourceId } = await world.aDroplet();
  await world.run('resize_droplet', { resource_id: resourceId, size_slug: 's-2vcpu-4gb' });
  await world.sweeps.run('action', { trigger: 'manual' });
  await world.sweepDroplets();
  await world.setDesiredState(resourceId, { size_slug: ORDER.size_slug });
  await world.detect();
  expect(await inbox()).toEqual([expect.objectContaining({ cause: expect.objectContaining({ action: 'resize', ours: true }) as unknown })]);
});

it('counts and hides drifts that an ignore rule matches by tenant, kind, resource or field, until the rule expires or is deleted', async () => {
  const { resourceId } = await world.aDroplet();
  await world.setDesiredState(resourceId, { size_slug: 's-2vcpu-2gb', region: 'ams3' });
  await world.detect();
  const rules = world.get(DriftRuleService);
  const reason = 'known since the move';
  expect(await summary()).toMatchObject({ managed: 1, drifted: 1, missing: 0, unmanaged: 0, ignored: 0 });
  const region = await rules.create({ field: 'region', tenant_id: 'acme', reason }, ADMIN);
  expect((await inbox()).map(({ field }) => field)).toEqual(['size_slug']);
  await rules.create(
    { resource_id: resourceId, kind: 'droplet', reason, expires_at: new Date(Date.now() + 3_600_000).toISOString() },
    ADMIN,
  );
  expect(await inbox()).toEqual([]);
  expect(await summary()).toMatchObject({ drifted: 0, ignored: 2 });
  expect((await world.get(DriftService).list({ ignored: true }, { limit: 50 })).data).toHaveLength(2);
  await world.asOwner(`update cloud_drift_rules set expires_at = now() - interval '1 second' where expires_at is not null`);
  expect((await inbox()).map(({ field }) => field)).toEqual(['size_slug']);
  expect((await rules.list({ limit: 50 })).data.map(({ expired }) => expired)).toEqual([true, false]);
  await rules.delete(region.id, { ...ADMIN, reason: 'moved back' });
  expect(await inbox()).toHaveLength(2);
  const audited = await world.database.query(`select action from audit_log where target_type = 'drift_rule' order by seq`);
  expect(audited).toEqual([{ action: 'drift_rule_added' }, { action: 'drift_rule_added' }, { action: 'drift_rule_removed' }]);
});

it.each([
  { what: 'of another tenant', rule: { tenant_id: 'globex' } },
  { what: 'of another kind', rule: { kind: 'volume' } },
  { what: 'of another field', rule: { field: 'name' } },
  { what: 'that matches one condition but not the other', rule: { field: 'size_slug', tenant_id: 'globex' } },
])('a rule $what ignores nothing', async ({ rule }) => {
  const { resourceId } = await world.aDroplet();
  await world.setDesiredState(resourceId, { size_slug: 's-2vcpu-2gb' });
  await world.detect();
  await world.get(DriftRuleService).create({ ...rule, reason: 'a test' }, ADMIN);
  expect(await inbox()).toHaveLength(1);
});

it('rejects a rule without a condition and a rule that has expired already', async () => {
  const rules = world.get(DriftRuleService);
  await expect(rules.create({ reason: 'everything' }, ADMIN)).rejects.toMatchObject({ code: 'validation_failed' });
  await expect(rules.create({ field: 'name', reason: 'late', expires_at: '2020-01-01T00:00:00Z' }, ADMIN)).rejects.toMatchObject({
    code: 'validation_failed',
  });
  await expect(rules.delete('00000000-0000-4000-8000-000000000000', ADMIN)).rejects.toMatchObject({ code: 'drift_rule_not_found' });
});

it('combines filters and returns pages without gaps', async () => {
  const { resourceId } = await world.aDroplet();
  await world.setDesiredState(resourceId, { size_slug: 's-2vcpu-2gb', region: 'ams3', name: 'web-9', vcpus: 8, memory: 1 });
  await world.detect();
  const list = world.get(DriftService);
  const seen: string[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const page = await list.list({ kind: 'droplet', tenant_id: 'acme' }, { limit: 2, cursor });
    seen.push(...page.data.map(({ field }) => field));
    cursor = page.page.next_cursor ?? undefined;
    more = cursor !== undefined;
  }
  expect(seen.sort()).toEqual(['memory', 'name', 'region', 'size_slug', 'vcpus']);
  const fields = async (filters: object) => (await list.list(filters, { limit: 50 })).data.map(({ field }) => field);
  expect(await fields({ severity: 'high' })).toEqual(['region']);
  expect(await fields({ field: 'name', severity: 'high' })).toEqual([]);
  expect(await fields({ tenant_id: 'globex' })).toEqual([]);
  expect(await fields({ status: 'accepted' })).toEqual([]);
  expect(await fields({ resource_id: resourceId, field: 'vcpus' })).toEqual(['vcpus']);
});

it('records the live values of an adopted resource as its desired state, without our own tags, and counts it in the coverage', async () => {
  const { resourceId } = await world.aDroplet();
  await world.asOwner('delete from cloud_provisioned');
  expect(await summary()).toMatchObject({ managed: 0, unmanaged: 1, coverage: [{ tenant_id: 'acme', live: 1, managed: 0, share: 0 }] });
  expect((await world.get(AdoptionService).listUnmanaged({}, { limit: 50 })).data.map(({ id }) => id)).toEqual([resourceId]);
  expect(await world.get(AdoptionService).adopt(resourceId, ADMIN)).toEqual({
    resource_id: resourceId,
    spec_version: 1,
    spec: {
      name: 'web-1',
      region: 'fra1',
      size_slug: 's-1vcpu-1gb',
      image: 'ubuntu-24-04-x64',
      tags: [],
      backups: false,
      power: 'on',
    },
  });
  expect(await world.detect()).toMatchObject({ opened: 0 });
  expect(await summary()).toMatchObject({ managed: 1, unmanaged: 0, coverage: [{ tenant_id: 'acme', live: 1, managed: 1, share: 1 }] });
  expect((await world.get(AdoptionService).listUnmanaged({ kind: 'droplet', tenant_id: 'acme' }, { limit: 50 })).data).toEqual([]);
  await expect(world.get(AdoptionService).adopt(resourceId, ADMIN)).rejects.toMatchObject({ code: 'already_managed' });
  await world.run('destroy_droplet', { resource_id: resourceId });
  await expect(world.get(AdoptionService).adopt(resourceId, ADMIN)).rejects.toMatchObject({ code: 'resource_gone' });
});

it('reports a missing resource with the cost it no longer causes and the action that deleted it [DRF-2]', async () => {
  await world.get(Catalog).refresh('provisioning');
  const { resourceId, dropletId } = await world.aDroplet();
  await world.sweeps.run('action', { trigger: 'manual' });
  await world.simulator.call('DELETE', `/v2/droplets/${dropletId}`);
  const isDeleted = async () => {
    await world.sweepDroplets();
    return (await world.resource('droplet', String(dropletId))) === undefined;
  };
  await until(isDeleted, { what: 'the tombstone' });
  await world.sweeps.run('action', { trigger: 'manual' });
  await world.detect();
  expect(await inbox()).toEqual([
    expect.objectContaining({
      resource_id: resourceId,
      field: 'missing',
      monthly_price_delta: '-6.00',
      cause: expect.objectContaining({ action: 'destroy', ours: false }) as unknown,
    }),
  ]);
  expect(await summary()).toMatchObject({ managed: 0, drifted: 0, missing: 1, monthly_price_delta: '-6.00' });
});
