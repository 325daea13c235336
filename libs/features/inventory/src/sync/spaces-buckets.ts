import { Database } from '#libs/database';
import { Spaces } from '#libs/digitalocean';
import { Injectable, Logger } from '@nestjs/common';
import type { PlaceholderDetails } from '../kinds/placeholder.kind';
import type { SweepRun } from './sweep';

/** What is known of the buckets beside the members of projects. */
export interface KnownBuckets {
  readonly details: ReadonlyMap<string, PlaceholderDetails>;
  /** The buckets that the object storage lists. Undefined without keys for it: projects alone decide which buckets exist. */
  readonly listed: readonly string[] | undefined;
  /** The object storage could not be read as a whole: no bucket counts as missing. */
  readonly uncertain: boolean;
}

/** Set-based: earlier details first, then the origins of content delivery. $1 account. */
const KNOWN_REGIONS = `
select provider_id as name, region, attrs ->> 'created_at' as "createdAt" from cloud_resources
 where account_id = $1 and kind = 'spaces_bucket' and deleted_at is null
union all
select split_part(attrs ->> 'origin', '.', 1), region, null from cloud_resources
 where account_id = $1 and kind = 'cdn_endpoint' and deleted_at is null and attrs ->> 'origin' like '%.digitaloceanspaces.com' and region is not null`;

/**
 * Finds the regions of buckets, which projects do not name: from the endpoints of content delivery, and from the list of the object storage
 * where `SPACES_KEYS` are configured. What was once known stays known.
 */
@Injectable()
export class SpacesBuckets {
  private readonly log = new Logger(SpacesBuckets.name);

  constructor(
    private readonly database: Database,
    private readonly spaces: Spaces,
  ) {}

  async read({ id, accountId, signal }: SweepRun): Promise<KnownBuckets> {
    const details = new Map<string, PlaceholderDetails>();
    const learn = (rows: readonly ({ readonly name: string } & PlaceholderDetails)[]) => {
      for (const { name, region, createdAt } of rows)
        details.set(name, {
          region: region ?? details.get(name)?.region ?? null,
          createdAt: createdAt ?? details.get(name)?.createdAt ?? null,
        });
    };
    learn(await this.database.query<{ name: string } & PlaceholderDetails>(KNOWN_REGIONS, [accountId]));
    const list = await this.spaces.listBuckets(signal);
    learn(list?.buckets ?? []);
    if (list && !list.complete) this.log.warn({ event: 'buckets_not_listed', sweep_id: id });
    return { details, listed: list?.buckets.map(({ name }) => name), uncertain: list?.complete === false };
  }
}
