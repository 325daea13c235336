import { AprilWorld, LONG_AGO, matches } from './april-lines';
import type { BillingWorld } from './billing-world';
import type { RecordedHistory } from './recorded-history';
import { change } from '../../support/factories';

let april: AprilWorld;
let world: BillingWorld;
let history: RecordedHistory;
const linesOf: AprilWorld['linesOf'] = (...items) => april.linesOf(...items);
beforeAll(async () => {
  april = await AprilWorld.create();
  ({ billing: world, history } = april);
});
beforeEach(() => april.forget());
afterAll(() => world.close());

describe('a line with a resource', () => {
  it('matches the resource with its id, whatever the name of the resource was at that time [BIL-7]', async () => {
    const id = await history.resource({ providerId: '570000001', name: 'renamed-since', tenant: 'acme' });
    const volume = await history.resource({
      kind: 'volume',
      providerId: '1bc2f4a0-0000-4000-8000-000000000001',
      name: 'other',
      tenant: 'acme',
    });
    const lines = await linesOf(
      { description: 'web-01 (s-1vcpu-1gb)', resource_id: '570000001' },
      { product: 'Volumes', description: 'data (fra1) 100GB', resource_uuid: '1bc2f4a0-0000-4000-8000-000000000001' },
    );
    expect(matches(lines)).toEqual([
      [id, 'provider_id', 'acme'],
      [volume, 'provider_id', 'acme'],
    ]);
  });

  it('matches the resource with its URN [BIL-7]', async () => {
    const id = await history.resource({ kind: 'floating_ip', providerId: '1.1.1.1', name: '1.1.1.1', tenant: 'acme' });
    const lines = await linesOf({ product: 'Reserved IPs', description: 'Unused', resource_id: 'do:reservedip:1.1.1.1' });
    expect(matches(lines)).toEqual([[id, 'urn', 'acme']]);
  });

  it('matches the resource with its kind and name, in any letter case and with parentheses in the name [BIL-7]', async () => {
    const droplet = await history.resource({ providerId: '1', name: 'Web (old)', created: LONG_AGO });
    const volume = await history.resource({ kind: 'volume', providerId: 'v', name: 'web (old)', created: LONG_AGO });
    const lines = await linesOf({ description: 'WEB (old) (s-1vcpu-1gb)' }, { product: 'Volumes', description: 'web (OLD) (fra1) 10GB' });
    expect(matches(lines)).toEqual([
      [droplet, 'name', null],
      [volume, 'name', null],
    ]);
  });

  it('distinguishes a destroyed resource from a later one with the same name by their times [BIL-7]', async () => {
    const destroyed = await history.resource({ providerId: '1', name: 'web-01', created: LONG_AGO, deleted: '2026-04-10T10:20:00Z' });
    const anew = await history.resource({ providerId: '2', name: 'web-01', created: '2026-04-10T10:05:00Z' });
    const lines = await linesOf(
      { description: 'web-01 (s-1vcpu-1gb)', end_time: '2026-04-10T10:00:00Z' },
      { description: 'web-01 (s-1vcpu-1gb)', start_time: '2026-04-10T10:05:00Z' },
    );
    expect(matches(lines)).toEqual([
      [destroyed, 'name', null],
      [anew, 'name', null],
    ]);
  });

  it('matches the resource that had the name at that time, not the one that has it now [BIL-7]', async () => {
    const old = await history.resource({ providerId: '1', name: 'web-old', created: LONG_AGO });
    await history.event(old, '2026-05-20T12:00:00Z', 'updated', 'name', 'web', 'web-old');
    await history.resource({ providerId: '2', name: 'web', created: '2026-05-20T11:00:00Z' });
    expect(matches(await linesOf({ description: 'web (s-1vcpu-1gb)' }))).toEqual([[old, 'name', null]]);
  });

  it('matches the resource in the region of the line [BIL-7]', async () => {
    const there = await history.resource({ kind: 'volume', providerId: 'a', name: 'data', region: 'fra1', created: LONG_AGO });
    await history.resource({ kind: 'volume', providerId: 'b', name: 'data', region: 'nyc3', created: LONG_AGO });
    expect(matches(await linesOf({ product: 'Volumes', description: 'data (fra1) 100GB' }))).toEqual([[there, 'name', null]]);
  });

  it('matches a line of backups to the droplet of the backups [BIL-7]', async () => {
    const droplet = await history.resource({ providerId: '7', name: 'web-01', created: LONG_AGO, tenant: 'acme' });
    const lines = await linesOf(
      {
        product: 'Droplet Backups',
        description: 'web-01 (Weekly Backup Services)',
        start_time: '2026-04-03T04:00:00Z',
        end_time: '2026-04-24T04:00:00Z',
      },
      {
        product: 'Droplet Backups',
        description: 'other name (Daily Backup Services)',
        resource_id: '7',
        start_time: '2026-04-25T04:00:00Z',
      },
    );
    expect(matches(lines)).toEqual([
      [droplet, 'name', 'acme'],
      [droplet, 'provider_id', 'acme'],
    ]);
  });

  it('matches the resource in the project of the line when two resources of one name exist at once [BIL-7]', async () => {
    const acme = await history.project('acme', ['Acme', LONG_AGO]);
    const birch = await history.project('birch', ['Birch', LONG_AGO]);
    const ours = await history.resource({ providerId: '1', name: 'web-01', created: LONG_AGO, project: acme, tenant: 'acme' });
    const theirs = await history.resource({ providerId: '2', name: 'web-01', created: LONG_AGO, project: birch, tenant: 'birch' });
    const lines = await linesOf(
      { description: 'web-01 (s-1vcpu-1gb)', project_name: 'Birch' },
      { description: 'web-01 (s-1vcpu-1gb)', project_name: 'Acme', amount: '12.00' },
    );
    expect(matches(lines)).toEqual([
      [theirs, 'name', 'birch'],
      [ours, 'name', 'acme'],
    ]);
  });

  it.each([
    ['k8s_cluster', 'Kubernetes Clusters', 'pool-a (s-2vcpu-4gb)', 'pool-b (s-4vcpu-8gb)'],
    ['managed_db', 'Managed Databases', 'primary (db-s-1vcpu-1gb)', 'standby (db-s-1vcpu-1gb)'],
    ['app', 'App Platform', 'web', 'worker'],
  ])('matches every line about a part of a resource of %s by the name in its group [BIL-7]', async (kind, product, one, other) => {
    const id = await history.resource({ kind, providerId: 'one', name: 'prod', created: LONG_AGO, tenant: 'acme' });
    const part = { product, group_description: 'Prod' };
    expect(matches(await linesOf({ ...part, description: one }, { ...part, description: other, amount: '12.00' }))).toEqual([
      [id, 'name', 'acme'],
      [id, 'name', 'acme'],
    ]);
    const unnamed = await linesOf({ product, description: 'prod' }, { product, description: 'prod', amount: '12.00' });
    expect(matches(unnamed)).toEqual([
      [null, 'billed_twice', null],
      [null, 'billed_twice', null],
    ]);
  });

  it('keeps the id of each line when lines that differ only in their project have another order in the JSON items [BIL-7]', async () => {
    const acme = await history.project('acme', ['Acme', LONG_AGO]);
    const birch = await history.project('birch', ['Birch', LONG_AGO]);
    const ours = await history.resource({ providerId: '1', name: 'web', project: acme, tenant: 'acme' });
    const theirs = await history.resource({ providerId: '2', name: 'web', project: birch, tenant: 'birch' });
    const line = (project: string) =>
      `Droplets,,web (s-1vcpu-1gb),720,2026-04-01 00:00:00 +0000,2026-04-30 23:59:59 +0000,$6.00,${project},iaas`;
    await world.simulator.change({
      invoices: [
        {
          invoice_uuid: 'swapped',
          invoice_period: '2026-04',
          items: ['Birch', 'Acme'].map((project_name, nth) => ({
            product: 'Droplets',
            description: 'web (s-1vcpu-1gb)',
            start_time: '2026-04-01T00:00:00Z',
            end_time: '2026-05-01T00:00:00Z',
            amount: '6.00',
            project_name,
            resource_id: String(2 - nth),
          })),
          csv: ['product,group_description,description,hours,start,end,USD,project_name,category', line('Acme'), line('Birch'), ''].join(
            '\n',
          ),
        },
      ],
    });
    expect(matches(await april.ingested('swapped'))).toEqual([
      [ours, 'provider_id', 'acme'],
      [theirs, 'provider_id', 'birch'],
    ]);
  });
});

describe('a line of backups', () => {
  const backups = { product: 'Droplet Backups', start_time: '2026-04-03T04:00:00Z', end_time: '2026-04-24T04:00:00Z' };

  it.each([
    { name: 'web', expected: 'acme' },
    { name: 'mail', expected: 'birch' },
    { name: 'other', expected: null },
  ])('matches by name when a droplet and a backup share the id of the line: $name [BIL-7]', async ({ name, expected }) => {
    await history.resource({ providerId: '150000001', name: 'mail', tenant: 'birch' });
    await history.resource({ providerId: '570000001', name: 'web', tenant: 'acme' });
    const backup = await history.resource({ kind: 'droplet_backup', providerId: '150000001', name: 'web 2026-04-03' });
    await change(world.database, 'cloud_resources', backup, { parents: ['droplet/570000001'] });
    const [line] = await linesOf({ ...backups, description: `${name} (Weekly Backup Services)`, resource_id: '150000001' });
    expect(line?.tenant_id).toBe(expected);
  });
});

describe('a line without a resource', () => {
  it('matches no resource when two resources of its name exist at once in one project [BIL-7]', async () => {
    const acme = await history.project('acme', ['Acme', LONG_AGO]);
    for (const providerId of ['1', '2'])
      await history.resource({ providerId, name: 'web-01', created: LONG_AGO, project: acme, tenant: 'acme' });
    const [line] = await linesOf({ description: 'web-01 (s-1vcpu-1gb)', project_name: 'Acme' });
    expect(line).toMatchObject({ resource_id: null, match: { method: 'project_name', reason: 'ambiguous_resource' }, tenant_id: 'acme' });
  });

  it('matches no resource when its id was never seen, even if a resource with its name exists [BIL-7]', async () => {
    await history.resource({ providerId: '1', name: 'web-01', created: LONG_AGO, tenant: 'acme' });
    expect(matches(await linesOf({ description: 'web-01 (s-1vcpu-1gb)', resource_id: '999' }))).toEqual([[null, 'id_never_seen', null]]);
  });

  it('matches no resource when two lines claim one resource for the same time, because one of them belongs to an unknown resource [BIL-7]', async () => {
    await history.resource({ providerId: '1', name: 'runner', created: LONG_AGO });
    const lines = await linesOf(
      { description: 'runner (s-1vcpu-1gb)' },
      { description: 'runner (s-1vcpu-1gb)', start_time: '2026-04-07T00:00:00Z', end_time: '2026-04-08T00:00:00Z' },
    );
    expect(matches(lines)).toEqual([
      [null, 'billed_twice', null],
      [null, 'billed_twice', null],
    ]);
  });

  it('prefers the claim with the id or with the project when two lines claim one resource [BIL-7]', async () => {
    const acme = await history.project('acme', ['Acme', LONG_AGO]);
    const one = await history.resource({ providerId: '1', name: 'runner', created: LONG_AGO, project: acme, tenant: 'acme' });
    const two = await history.resource({ providerId: '2', name: 'walker', created: LONG_AGO, project: acme, tenant: 'acme' });
    const lines = await linesOf(
      { description: 'runner (s-1vcpu-1gb)', resource_id: '1' },
      { description: 'runner (s-2vcpu-2gb)' },
      { description: 'walker (s-1vcpu-1gb)', project_name: 'Acme' },
      { description: 'walker (s-2vcpu-2gb)', project_name: 'A project of before' },
    );
    expect(matches(lines)).toEqual([
      [one, 'provider_id', 'acme'],
      [null, 'billed_twice', null],
      [two, 'name', 'acme'],
      [null, 'billed_twice', null],
    ]);
  });

  it('matches no resource when its namesake did not exist at that time or was always in other projects [BIL-7]', async () => {
    const acme = await history.project('acme', ['Acme', LONG_AGO]);
    await history.project('birch', ['Birch', LONG_AGO]);
    await history.resource({ providerId: '1', name: 'late', created: '2026-04-20T00:00:00Z' });
    await history.resource({ providerId: '2', name: 'elsewhere', created: LONG_AGO, project: acme, tenant: 'acme' });
    const lines = await linesOf({ description: 'late (x)' }, { description: 'elsewhere (x)', project_name: 'Birch' });
    expect(matches(lines)).toEqual([
      [null, 'no_namesake_then', null],
      [null, 'project_name', 'birch'],
    ]);
  });

  it.each([
    ['Taxes', 'STATE SALES TAX (6.25%)', 'tax'],
    ['Credits', 'Referral credit', 'credit'],
    ['Spaces Subscription', 'Spaces ($5/mo 250GB storage & 1TB bandwidth)', 'account_wide'],
    ['A Product Of Tomorrow', 'thing', 'unknown_product'],
    ['Droplets', 'never-seen (s-1vcpu-1gb)', 'name_never_seen'],
  ])('matches no resource for a line of %s "%s": %s [BIL-7]', async (product, description, reason) => {
    await history.resource({ providerId: '1', name: 'state sales tax', created: LONG_AGO });
    expect(matches(await linesOf({ product, description }))).toEqual([[null, reason, null]]);
  });
});
