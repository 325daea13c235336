import { PriceWriter } from '#libs/catalog';
import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { PRICED_KINDS } from '../kinds';
import { billedHistory, type BilledResource, type FieldsChanged } from './billed-history';

/** Resources of one statement. */
const BATCH = 2_000;

/** Set-based: the oldest resources that are billed as nothing yet. A process of a release without prices recorded them. $1 kinds, $2 after. */
const UNPRICED = `
select r.id, r.kind, r.status, r.size_slug as "sizeSlug", r.attrs
  from cloud_resources r
 where r.kind = any ($1::text[]) and r.id > $2::uuid and not exists (select 1 from resource_prices p where p.resource_id = r.id)
 order by r.id limit ${BATCH}`;

/** Set-based: what changed the price of these resources, in the order of time. */
const CHANGES = `
select resource_id, at::text as at, changes from cloud_resource_events
 where resource_id = any ($1::uuid[]) and type in ('updated', 'restored', 'deleted')
   and changes ?| array['size_slug', 'size_gigabytes', 'size_unit', 'status', 'features']
 order by resource_id, seq`;

/** Prices the resources that no recorder of this release has written yet, with their history by the event log. Repeatable. */
@Injectable()
export class PriceSettling {
  constructor(
    private readonly database: Database,
    private readonly prices: PriceWriter,
  ) {}

  /** Returns how many resources were priced. */
  async settle(signal?: AbortSignal): Promise<number> {
    let settled = 0;
    let after = '00000000-0000-0000-0000-000000000000';
    for (;;) {
      signal?.throwIfAborted();
      const resources = await this.database.query<BilledResource>(UNPRICED, [PRICED_KINDS, after]);
      const last = resources.at(-1);
      if (!last) return settled;
      const ids = resources.map(({ id }) => id);
      const events = new Map<string, FieldsChanged[]>(ids.map((id) => [id, []]));
      for (const event of await this.database.query<FieldsChanged & { resource_id: string }>(CHANGES, [ids]))
        events.get(event.resource_id)?.push(event);
      await this.prices.insertHistories(
        this.database,
        resources.flatMap((resource) => billedHistory(resource, events.get(resource.id) ?? [])),
      );
      settled += resources.length;
      after = last.id;
    }
  }
}
