import { InvoiceIngest } from '#libs/provider-billing';
import { Client } from 'pg';
import { AprilWorld, LONG_AGO, matches } from './april-lines';
import type { BillingWorld } from './billing-world';
import type { RecordedHistory } from './recorded-history';

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

describe('the tenant of a line', () => {
  it('is the tenant of the project whose name has blanks around it in the invoice, in its items or at the provider (B1) [BIL-7]', async () => {
    await history.project('acme', ['Fern Bakery', LONG_AGO]);
    await history.project('birch', [' Oak Bakery', LONG_AGO]);
    const lines = await linesOf(
      { description: 'gone (x)', project_name: 'Fern Bakery ', resource_id: '99' },
      { description: 'gone too (x) ', project_name: 'Oak Bakery', resource_id: '98' },
    );
    expect(matches(lines)).toEqual([
      [null, 'project_name', 'acme'],
      [null, 'project_name', 'birch'],
    ]);
    expect(lines.map(({ project_name, match }) => [project_name, match.reason])).toEqual([
      ['Fern Bakery', 'id_never_seen'],
      ['Oak Bakery', 'id_never_seen'],
    ]);
  });

  it('is the owner of the machine once it was seen, whatever project the line names, by its id and by its name (F) [BIL-7]', async () => {
    const birch = await history.project('birch', ['Birch', LONG_AGO]);
    await history.project('acme', ['Acme', LONG_AGO]);
    const id = await history.resource({ providerId: '1', name: 'web', project: birch, tenant: 'birch', created: LONG_AGO });
    const lines = await linesOf(
      { description: 'web (x)', resource_id: '1', project_name: 'Acme' },
      { description: 'web (y)', project_name: 'Acme', start_time: '2026-04-02T00:00:00Z' },
    );
    expect(matches(lines)).toEqual([
      [id, 'provider_id', 'birch'],
      [null, 'project_name', 'acme'],
    ]);
  });

  it('is the owner of the resource at that time, and the present owner cannot read the line [INV-13]', async () => {
    const id = await history.resource({ providerId: '1', name: 'web', created: LONG_AGO, tenant: 'birch' });
    await history.event(id, '2025-01-05T00:00:00Z', 'attributed', 'tenant_id', null, 'acme');
    await history.event(id, '2026-05-02T00:00:00Z', 'attributed', 'tenant_id', 'acme', 'birch');
    const [april] = await linesOf({ description: 'web (x)', resource_id: '1' });
    expect(april?.tenant_id).toBe('acme');
    const [june] = await linesOf({
      description: 'web (x)',
      resource_id: '1',
      start_time: '2026-05-03T00:00:00Z',
      end_time: '2026-05-09T00:00:00Z',
    });
    expect(june?.tenant_id).toBe('birch');
  });

  it('is the tenant of the project that had the name on the line at that time, when the resource was never swept', async () => {
    await history.project('acme', ['Shop', LONG_AGO], ['Shop (closed)', '2026-05-10T00:00:00Z']);
    await history.project('birch', ['Shop', '2026-05-10T00:00:00Z']);
    const lines = await linesOf(
      { description: 'gone (x)', project_name: 'Shop', resource_id: '99' },
      { description: 'gone too (x)', project_name: 'Shop (closed)', resource_id: '98' },
      {
        description: 'gone later (x)',
        project_name: 'Shop',
        resource_id: '97',
        start_time: '2026-05-11T00:00:00Z',
        end_time: '2026-05-12T00:00:00Z',
      },
    );
    expect(matches(lines)).toEqual([
      [null, 'project_name', 'acme'],
      [null, 'project_name', 'acme'],
      [null, 'project_name', 'birch'],
    ]);
  });

  it('is the tenant of the project on the line for the time before the first sweep, for every later owner', async () => {
    await history.project('cedar', ['Cedar', LONG_AGO]);
    const id = await history.resource({ providerId: '1', name: 'web', tenant: 'birch', firstSeen: '2026-06-01T00:00:00Z' });
    await history.event(id, '2026-07-01T00:00:00Z', 'attributed', 'tenant_id', 'acme', 'birch');
    const [line] = await linesOf({ description: 'web (x)', resource_id: '1', project_name: 'Cedar' });
    expect(line?.tenant_id).toBe('cedar');
  });

  it('is unchanged by another ingest after the events of its time have been archived [INV-13]', async () => {
    const id = await history.resource({ providerId: '1', name: 'web', created: LONG_AGO, tenant: 'birch' });
    await history.event(id, '2026-05-02T00:00:00Z', 'attributed', 'tenant_id', 'acme', 'birch');
    const [before] = await linesOf({ description: 'web (x)', resource_id: '1' });
    expect(before?.tenant_id).toBe('acme');
    const owner = new Client({ connectionString: world.stored.ownerUrl });
    await owner.connect();
    await owner.query('delete from cloud_resource_events');
    await owner.query(`insert into cloud_event_months (month, before, events, resources) values ('2026-05-01', '2026-06-01', 1, 1)`);
    await owner.end();
    await world.get(InvoiceIngest).run(before?.invoice_id ?? '');
    expect(await world.lines(before?.invoice_id)).toEqual([before]);
  });

  it('is unambiguous when the clock was set back between two ownership changes', async () => {
    const id = await history.resource({ providerId: '1', name: 'web', created: LONG_AGO, tenant: 'cedar' });
    await history.event(id, '2026-05-10T00:00:00Z', 'attributed', 'tenant_id', 'acme', 'birch');
    await history.event(id, '2026-03-01T00:00:00Z', 'attributed', 'tenant_id', 'birch', 'acme');
    await history.event(id, '2026-02-01T00:00:00Z', 'attributed', 'tenant_id', 'acme', 'cedar');
    expect(matches(await linesOf({ description: 'web (x)', resource_id: '1' }))).toEqual([[id, 'provider_id', 'acme']]);
  });

  it('is independent of the time zone of the server', async () => {
    const [session] = await world.database.query<{ zone: string; moment: string }>(
      `select current_setting('TimeZone') as zone, ('2026-04-01'::date + interval '1 month')::timestamptz::text as moment`,
    );
    expect(session).toEqual({ zone: 'UTC', moment: '2026-05-01 00:00:00+00' });
  });

  it('is the tenant of the project on the line for the time before the resource was first seen', async () => {
    const birch = await history.project('birch', ['Birch', LONG_AGO]);
    await history.project('acme', ['Acme', LONG_AGO]);
    const id = await history.resource({ providerId: '1', name: 'web', project: birch, tenant: 'birch', firstSeen: '2026-06-01T00:00:00Z' });
    expect(matches(await linesOf({ description: 'web (x)', resource_id: '1', project_name: 'Acme' }))).toEqual([
      [id, 'provider_id', 'acme'],
    ]);
  });
});
