import { AccountBinding } from '#libs/accounts';
import { Database, queryableOf, Transaction } from '#libs/database';
import { DigitalOcean, idText, optionalText, optionalTime, record, text } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { ProviderAction } from '../entities/provider-action.entity';
import { KINDS, listedKind } from '../kinds';
import { canonicalIdOf, readableId, type Kind, type Observation } from '../kinds/kind';
import { FENCE, ResourceRecorder } from '../recorder/resource-recorder';
import { settleFetch } from './confirmation';
import { databaseTime, type SweepRun } from './sweep';
import { SweepLedger } from './sweep-ledger';

/** One entry of the account's action feed, reduced to the fields that we keep. Source: `GET /v2/actions`. */
interface FeedAction extends ObservedAction, Pick<ProviderAction, 'actionId'> {
  readonly startedAt: string | null;
  readonly completedAt: string | null;
}

/** An action that the feed lists for the first time, or a known one that has ended since. */
type ObservedAction = Pick<ProviderAction, 'action' | 'status' | 'kind' | 'providerId'>;

/** The most pages of one pass. When the feed has more new pages, the kinds' own sweeps record the effects of the older actions. */
const MOST_PAGES = 25;
/**
 * Per pass: the most actions read by id because the feed no longer lists them, and the most resources read again. Sweeps cover the rest.
 */
const MOST_SINGLE_READS = 20;

/**
 * Fenced by the sweep's lease. Stores a page of the feed, and returns the actions that are new or have ended since. Unchanged ones are
 * filtered before the insert, because a conflict locks its row and writes that lock. $1 sweep, $2 account, $3 actions as JSON rows.
 */
const UPSERT_ACTIONS = `
with ${FENCE}
insert into cloud_provider_actions as known (account_id, action_id, action, status, kind, provider_id, started_at, completed_at)
select $2, a."actionId", a.action, a.status, a.kind, a."providerId", a."startedAt", a."completedAt"
  from json_to_recordset($3::json) as a("actionId" bigint, action text, status text, kind text, "providerId" text,
       "startedAt" timestamptz, "completedAt" timestamptz)
  left join cloud_provider_actions k on k.account_id = $2 and k.action_id = a."actionId"
 where exists (select 1 from fence) and (k.action_id is null or k.status <> a.status)
on conflict (account_id, action_id) do update set status = excluded.status, completed_at = coalesce(excluded.completed_at, known.completed_at)
 where known.status <> excluded.status
returning action, status, kind, provider_id as "providerId"`;

/**
 * Fenced by the sweep's lease. Writes each action's state once, as an event of its resource. An action on a resource that no sweep has
 * recorded yet waits for it, for at most an hour; the end of an action with an event always becomes one too. $1 sweep, $2 account.
 */
const WRITE_ACTION_EVENTS = `
with ${FENCE},
reported as (
  update cloud_provider_actions a set told_status = a.status
    from cloud_resources r
   where exists (select 1 from fence) and a.account_id = $2 and a.kind is not null and a.told_status is distinct from a.status
     and (a.told_status is not null or a.first_read_at > clock_timestamp() - interval '1 hour')
     and r.account_id = a.account_id and r.kind = a.kind and r.provider_id = a.provider_id
  returning r.id as resource_id, r.tenant_id, a.action_id, a.action, a.status, a.started_at, a.completed_at)
insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
select resource_id, tenant_id, 'provider_action', 'action_feed',
       jsonb_build_object('action_id', action_id::text, 'action', action, 'status', status, 'started_at', started_at, 'completed_at', completed_at), $1
  from reported order by action_id`;

/**
 * Reads the account's action feed from its newest page back to the known actions, stores them, and reads the affected resources again. A
 * change made outside this service is in the inventory within about a minute, together with the action that caused it.
 */
@Injectable()
export class ActionFeed {
  constructor(
    private readonly database: Database,
    private readonly transaction: Transaction,
    @InjectRepository(ProviderAction) private readonly known: Repository<ProviderAction>,
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
    private readonly recorder: ResourceRecorder,
    private readonly ledger: SweepLedger,
  ) {}

  async run(run: SweepRun): Promise<void> {
    const listed = new Set<string>();
    const observed = [...(await this.readFeed(run, listed)), ...(await this.readOpenActions(run, listed))];
    for (const { kind, providerId } of affectedResources(observed).slice(0, MOST_SINGLE_READS)) await this.readAgain(run, kind, providerId);
    await this.binding.reverify(run.purpose);
    await run.progress.saveCounts();
    await this.transaction.run(async (em) => {
      const tx = queryableOf(em);
      await this.ledger.lockSweep(tx, run.id);
      await tx.query(WRITE_ACTION_EVENTS, [run.id, run.accountId]);
      for (const kind of kindsToResync(observed)) await this.ledger.requestSweep(em, kind, 'action_feed');
      await this.ledger.closeSweep(tx, run.id, 'complete', run.progress.completeReason);
    });
  }

  private async readFeed(run: SweepRun, listed: Set<string>): Promise<ObservedAction[]> {
    const { purpose, fingerprint, signal, accountId } = run;
    const readUpTo = await this.findReadUpTo(accountId);
    const begun = readUpTo !== undefined || (await this.known.existsBy({ accountId }));
    const observed: ObservedAction[] = [];
    const idOf = (action: FeedAction) => action.actionId;
    for await (const page of this.provider.list({
      purpose,
      fingerprint,
      path: '/v2/actions',
      key: 'actions',
      parse: parseAction,
      idOf,
      idOfUnreadable: (raw) => readableId({}, raw),
      signal,
    })) {
      await this.binding.reverify(purpose);
      for (const { actionId } of page.items) listed.add(actionId);
      run.progress.addUnreadable('/v2/actions', page.unreadable);
      const fresh = await this.store(run, page.items);
      if (begun) observed.push(...fresh); // the first pass reads past actions, with effects that the sweeps record
      await run.progress.addCounts({ pagesDone: 1, calls: page.calls, seen: page.items.length });
      const reachedKnown = readUpTo === undefined || page.items.some((action) => BigInt(action.actionId) <= BigInt(readUpTo));
      if (reachedKnown || page.page >= MOST_PAGES) break;
    }
    run.progress.expectPages(run.progress.pagesDone);
    return observed;
  }

  private async readOpenActions(run: SweepRun, listed: ReadonlySet<string>): Promise<ObservedAction[]> {
    const { purpose, fingerprint, signal } = run;
    const open = await this.findOpen(run.accountId);
    const observed: ObservedAction[] = [];
    for (const { id } of open.filter((action) => !listed.has(action.id))) {
      const result = await settleFetch(
        this.provider.get({ purpose, fingerprint, path: `/v2/actions/${id}`, key: 'action', parse: parseAction, signal }),
      );
      if (result.outcome === 'found') observed.push(...(await this.store(run, [result.object])));
      await run.progress.addCounts({ calls: 1 });
    }
    return observed;
  }

  /** The action at which reading back may stop. Younger ones are read again, because actions become visible out of order. */
  private async findReadUpTo(accountId: string): Promise<string | undefined> {
    const known = await this.newestFirst(accountId)
      .andWhere(`a.firstReadAt < clock_timestamp() - interval '2 minutes'`)
      .limit(1)
      .getRawOne<{ id: string }>();
    return known?.id;
  }

  /** Actions that have not ended as far as we know. Those older than a day are no longer read. */
  private findOpen(accountId: string): Promise<{ id: string }[]> {
    return this.newestFirst(accountId)
      .andWhere(`a.status = 'in-progress' and a.firstReadAt > clock_timestamp() - interval '1 day'`)
      .limit(MOST_SINGLE_READS)
      .getRawMany<{ id: string }>();
  }

  private newestFirst(accountId: string): SelectQueryBuilder<ProviderAction> {
    const query = this.known.createQueryBuilder('a').select('a.actionId', 'id');
    return query.where('a.accountId = :accountId', { accountId }).orderBy('a.actionId', 'DESC');
  }

  private store(run: SweepRun, actions: readonly FeedAction[]): Promise<ObservedAction[]> {
    return this.database.query<ObservedAction>(UPSERT_ACTIONS, [run.id, run.accountId, JSON.stringify(actions)]);
  }

  /** Records the live values of one resource. A 404 is left to the next sweep of the kind, which confirms deletions. */
  private async readAgain(run: SweepRun, kindName: string, providerId: string): Promise<void> {
    const kind = listedKind(kindName);
    if (!kind?.fetch) return;
    const requestedAtMs = performance.now();
    const { purpose, fingerprint, signal } = run;
    const path = kind.fetch.path(encodeURIComponent(providerId));
    const result = await settleFetch(
      this.provider.get<Observation>({ purpose, fingerprint, path, key: kind.fetch.key, parse: kind.observe, signal }),
    );
    await run.progress.addCounts({ calls: 1 });
    if (result.outcome === 'found' && result.object.providerId === providerId)
      await run.progress.addCounts(await this.recorder.recordPage(run, kind, [result.object], databaseTime(run, requestedAtMs)));
  }
}

/** The kind by the type that an action gives its resource. */
const KIND_OF = new Map(KINDS.flatMap((kind) => (kind.actions?.types ?? []).map((type) => [type, kind] as const)));

function parseAction(raw: unknown): FeedAction {
  const action = record(raw, 'action');
  const kind = KIND_OF.get(optionalText(action, 'resource_type') ?? '');
  return {
    actionId: idText(action, 'id'),
    action: text(action, 'type'),
    status: text(action, 'status'),
    kind: kind?.kind ?? null,
    providerId: kind ? resourceId(kind, action.resource_id) : null,
    startedAt: timeOrNull(optionalTime(action, 'started_at')),
    completedAt: timeOrNull(optionalTime(action, 'completed_at')),
  };
}

function resourceId(kind: Kind, id: unknown): string | null {
  if ((typeof id !== 'number' && typeof id !== 'string') || id === '') return null;
  return kind.actions?.idOf?.(id) ?? canonicalIdOf(kind, String(id));
}

function timeOrNull(text: string | null): string | null {
  return text !== null && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : null;
}

/** Kinds that an action changes besides its own resource, and that it does not name. */
const ALSO_CHANGES: Readonly<Record<string, string>> = { snapshot: 'snapshot', assign_ip: 'droplet', unassign_ip: 'droplet' };

/** The resources that the actions name, each once. They are read again. */
function affectedResources(observed: readonly ObservedAction[]): { kind: string; providerId: string }[] {
  const named = observed.flatMap(({ kind, providerId }) => (kind && providerId ? [{ kind, providerId }] : []));
  return [...new Map(named.map((object) => [`${object.kind}/${object.providerId}`, object])).values()];
}

/** Kinds with a change that no action names. Each is swept soon, outside its schedule. Droplets are swept every minute anyway. */
function kindsToResync(observed: readonly ObservedAction[]): string[] {
  const ended = observed.filter(({ status }) => status !== 'in-progress');
  const unnamed = ended.filter(({ providerId }) => !providerId).map(({ kind }) => kind);
  const beside = ended.map(({ action }) => ALSO_CHANGES[action]);
  const kinds = [...unnamed, ...beside].filter((kind): kind is string => typeof kind === 'string' && kind !== 'droplet');
  return [...new Set(kinds)].filter((kind) => listedKind(kind) !== undefined).sort();
}
