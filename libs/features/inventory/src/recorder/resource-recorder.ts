import { recordPrices } from '#libs/catalog';
import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { Inject, Injectable } from '@nestjs/common';
import { urnOf, type Kind, type Observation } from '../kinds/kind';
import { SweepLeaseLostError } from '../inventory.errors';
import { contentHash, decideChanges, KNOWN_COLUMNS, type Change, type KnownResource } from './decide-changes';
import { ownerOf } from './owner.sql';
import { billedChange } from './billed-history';

/**
 * Locks the sweep's row for the rest of the transaction, if the sweep still runs and its lease has not lapsed. Pages of one sweep share the
 * lock; closing or replacing the sweep waits for them. Every write of a sweep includes it, so that a worker that was suspended beyond its
 * lease writes nothing. $1 = sweep id.
 */
export const FENCE = `fence as (
  select id from cloud_sweeps where id = $1 and status = 'running' and lease_until > clock_timestamp() for share)`;

/**
 * Measured. Returns the rows that differ from a page: one row per difference, or a single row of nulls. Reads only. `leased` is 1 while the
 * sweep may still write. Each id is looked up separately: `offset 0` stops the planner from joining the whole table, which it takes for
 * small until the table has been analysed. $1 sweep, $2 account, $3 kind, $4 provider ids, $5 content hashes.
 */
const COMPARE_PAGE = `
select f.leased, d.*
  from (select count(*)::int as leased from (select) one left join cloud_sweeps s on s.id = $1
         where $1::uuid is null or (s.status = 'running' and s.lease_until > clock_timestamp())) f
  left join lateral (
    select p.page_id, r.*
      from unnest($4::text[], $5::text[]) p(page_id, page_hash)
      left join lateral (
        select ${KNOWN_COLUMNS}
          from cloud_resources where account_id = $2 and kind = $3 and provider_id = p.page_id offset 0) r on true
     where r.id is null or r.content_hash <> p.page_hash or r.stale_strike_count > 0 or r.deleted_at is not null
  ) d on f.leased = 1`;

/** SQL: known rows keep their owner, and a restored one does where only a rule would give it to another tenant. [TNT-7] */
const KEEPS_OWNER = `i.what <> 'restored' or coalesce(r.tenant_id <> i.owner_tenant and i.owner_by = 'rule', false)`;

/**
 * Set-based, and fenced by the sweep's lease. Writes the changes of a page with their events, all or nothing, and counts them. A row that
 * another transaction has written since the comparison stays unchanged until the next sweep. New and restored rows get their owner here;
 * known rows keep theirs until the membership pass or an admin changes it. Without a sweep ($1 null) it records one observation of a saga,
 * which needs no lease. $1 sweep, $2 account, $3 kind, $4 requested at, $5 changes as JSON rows, $6 event source, $7 lists must contain new
 * rows within ms, $8 saga.
 */
const writeChanges = (prices: string) => `
with ${FENCE},
allowed as (select from fence union all select where $1::uuid is null),
incoming as (
  select $2::uuid as account_id, $3::text as kind, c.*
    from json_to_recordset($5::json) as c(id uuid, owner_override text, old_hash text, what text, provider_id text, urn text, name text, region text,
         status text, size_slug text, attrs jsonb, parents text[], content_hash text, changes jsonb, product text, units numeric, plan text)
   where exists (select from allowed)),
owned as (
  select i.*, owner.tenant_id as owner_tenant, owner.project_id as owner_project, owner.by as owner_by, owner.ref as owner_ref
    from incoming i ${ownerOf('i')}),
fresh as (
  insert into cloud_resources (account_id, kind, provider_id, urn, name, region, status, size_slug, attrs, parents, content_hash,
         tenant_id, cloud_project_id, attributed_by, attributed_ref, first_seen_at, last_seen_at, listed_by)
  select i.account_id, i.kind, i.provider_id, i.urn, i.name, i.region, i.status, i.size_slug, i.attrs, coalesce(i.parents, '{}'), i.content_hash,
         i.owner_tenant, i.owner_project, i.owner_by, i.owner_ref, $4, $4, clock_timestamp() + $7::float8 * interval '1 millisecond'
    from owned i
   where i.id is null
  on conflict (account_id, kind, provider_id) do nothing
  returning id, provider_id, tenant_id),
changed as (
  update cloud_resources r
     set name = i.name, region = i.region, status = i.status, size_slug = i.size_slug, attrs = i.attrs, parents = coalesce(i.parents, r.parents),
         content_hash = i.content_hash, last_seen_at = greatest(r.last_seen_at, $4), recorded_at = clock_timestamp(),
         changed_at = case when i.what = 'refreshed' then r.changed_at else clock_timestamp() end,
         tenant_id = case when ${KEEPS_OWNER} then r.tenant_id else i.owner_tenant end,
         cloud_project_id = case when i.what = 'restored' then i.owner_project else r.cloud_project_id end,
         attributed_by = case when ${KEEPS_OWNER} then r.attributed_by else i.owner_by end,
         attributed_ref = case when ${KEEPS_OWNER} then r.attributed_ref else i.owner_ref end,
         stale_strike_count = 0, last_strike_at = null, deleted_at = null
    from owned i
   where r.id = i.id and r.content_hash = i.old_hash and r.recorded_at < $4 and (r.deleted_at is not null) = (i.what = 'restored')
  returning r.id, r.provider_id, r.tenant_id),
written as (
  select w.id, w.provider_id, w.tenant_id, i.what,
         case when i.what <> 'discovered' then i.changes
              else jsonb_build_object('name', i.name, 'region', i.region, 'status', i.status, 'size_slug', i.size_slug)
         end as changes
    from (select * from fresh union all select * from changed) w join incoming i using (provider_id)),
events as (
  insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
  select id, tenant_id, what, $6, changes, coalesce($1, $8::uuid) from written where what <> 'refreshed'),${prices},
counts as (
  select count(*) filter (where what = 'discovered')::int as discovered,
         count(*) filter (where what in ('updated', 'tagged'))::int as updated,
         count(*) filter (where what = 'restored')::int as restored from written)
select c.*, (select count(*)::int from allowed) as leased, set_config('synchronous_commit', 'off', true) from counts c`;

const PRICES = { written: 'written', incoming: 'incoming', at: '$4' };
const WRITE_CHANGES = writeChanges(recordPrices({ ...PRICES, changed: true }));
/** Most pages of a first sweep have new resources only. */
const WRITE_NEW = writeChanges(recordPrices({ ...PRICES, changed: false }));

/** The sweep that a page is recorded for, with the fields that recording needs. */
export interface SweepRef {
  readonly id: string;
  readonly accountId: string;
  readonly source: 'sweep' | 'action_feed';
  /** By the database's clock. */
  readonly startedAt: Date;
}

/** One object that a saga has read from the provider, without a sweep. */
export interface Sighting extends Pick<SweepRef, 'accountId' | 'startedAt'> {
  readonly id: null;
  readonly source: 'saga';
  /** The saga is stored with its events as their writer. */
  readonly sagaId: string | null;
}

/** How many rows a page changed. */
export interface PageOutcome {
  readonly discovered: number;
  /** Includes tag changes. */
  readonly updated: number;
  readonly restored: number;
}

const UNCHANGED: PageOutcome = { discovered: 0, updated: 0, restored: 0 };

type Difference = { leased: number; page_id: string | null } & ({ id: null } | KnownResource);

/**
 * Writes observations into `cloud_resources`, with their events. A page costs one statement when nothing differs and two otherwise,
 * whatever its size; an unchanged row is not written at all. [INV-2] The statements are not prepared: a plan made for the empty table of a
 * first sweep would still be used when the table has a hundred thousand rows.
 */
@Injectable()
export class ResourceRecorder {
  constructor(
    private readonly database: Database,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Records one page. Throws `SweepLeaseLostError`, having written nothing, when the sweep is no longer the running one. */
  async recordPage(sweep: SweepRef | Sighting, kind: Kind, page: readonly Observation[], requestedAt: Date): Promise<PageOutcome> {
    const hashed = distinct(page).map((seen) => ({ seen, hash: contentHash(seen) }));
    const known = await this.compare(sweep, kind, hashed);
    const differing = hashed.filter(({ seen }) => known.has(seen.providerId));
    const changes = decideChanges({
      known: new Map([...known].flatMap(([id, row]) => (row ? [[id, row] as const] : []))),
      page: differing,
      requestedAt,
      sweepStartedAt: sweep.startedAt,
      deletionLagMs: this.config.inventory.deletionLagMs,
      volatileAttrs: kind.volatileAttrs,
    });
    return changes.length > 0 ? this.write(sweep, kind, changes, requestedAt) : UNCHANGED;
  }

  /** The objects of the page that differ: the known row by provider id, or undefined when there is no row. */
  private async compare(
    sweep: SweepRef | Sighting,
    kind: Kind,
    page: readonly { seen: Observation; hash: string }[],
  ): Promise<Map<string, KnownResource | undefined>> {
    const rows = await this.database.query<Difference>(COMPARE_PAGE, [
      sweep.id,
      sweep.accountId,
      kind.kind,
      page.map(({ seen }) => seen.providerId),
      page.map(({ hash }) => hash),
    ]);
    if (rows[0]?.leased !== 1) throw new SweepLeaseLostError(sweep.id ?? 'sighting');
    return new Map(rows.flatMap((row) => (row.page_id === null ? [] : [[row.page_id, row.id === null ? undefined : row] as const])));
  }

  /**
   * The commit does not wait for the disk (`synchronous_commit` off): a lost page can be listed again. Strikes, the end of the sweep and
   * admin changes come later in the log, and their commits flush this one too. A `discovered` event stores the first values of the columns
   * only, which readers show as changes from null; later events carry the old values of attributes.
   */
  private async write(sweep: SweepRef | Sighting, kind: Kind, changes: readonly Change[], requestedAt: Date): Promise<PageOutcome> {
    const statement = changes.every(({ what }) => what === 'discovered') ? WRITE_NEW : WRITE_CHANGES;
    const [row] = await this.database.query<PageOutcome & { leased: number }>(statement, [
      sweep.id,
      sweep.accountId,
      kind.kind,
      requestedAt,
      JSON.stringify(changes.map((change) => changeRow(kind, change))),
      sweep.source,
      sweep.source === 'sweep' ? null : this.config.provider.lagMs, // requested by id: lists may not contain it yet [INV-9]
      'sagaId' in sweep ? sweep.sagaId : null,
    ]);
    if (row?.leased !== 1) throw new SweepLeaseLostError(sweep.id ?? 'sighting');
    const { discovered, updated, restored } = row;
    return { discovered, updated, restored };
  }
}

function changeRow(kind: Kind, change: Change) {
  const { seen } = change;
  const known = change.what === 'discovered' ? undefined : change.known;
  return {
    id: known?.id,
    owner_override: known?.owner_override,
    old_hash: known?.content_hash,
    what: change.what,
    provider_id: seen.providerId,
    urn: urnOf(kind, seen),
    name: seen.name,
    region: seen.region,
    status: seen.status,
    size_slug: seen.sizeSlug,
    attrs: seen.attrs,
    parents: kind.usedBy ? null : seen.parents, // the users of a shared object are its parents, which no list names
    content_hash: change.hash,
    changes: change.what === 'discovered' ? null : change.changes,
    ...billedChange(kind.kind, change),
  };
}

/** A page may list one object twice; the later entry counts. */
function distinct(page: readonly Observation[]): Observation[] {
  return [...new Map(page.map((seen) => [seen.providerId, seen])).values()];
}
