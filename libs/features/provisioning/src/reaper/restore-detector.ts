import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { DigitalOcean, ForbiddenByProviderError } from '#libs/digitalocean';
import { errorCode } from '#libs/kernel';
import { counter } from '#libs/observability';
import { SagaQueries } from '#libs/saga';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SharedPoll } from '../polling/shared-poll';
import { isCreatedSince } from '../provider/tag-calls';
import { RestoreWitness } from './restore-witness';
import { TaggedResources, type TaggedResource } from './tagged-resources';

/** The steps that create resources which name their saga. Each records its intent first. */
const CREATING_STEPS = ['create_droplet', 'take_snapshot'];

/**
 * The result of a check. `ruled_out`: no restore happened, or it was detected and noted. `unlikely`: the provider did not answer, but the
 * database server has not restarted since it last did. `unknown`: no open saga may continue until the provider has answered.
 */
export type RestoreKnowledge = 'ruled_out' | 'unlikely' | 'unknown';

/**
 * How a restore was detected: the database is another one, the provider's number is higher, or a resource exists that the ledger has no
 * intent for.
 */
type Witness = 'database' | 'provider_mark' | 'provider_effect';
const WITNESSES: readonly Witness[] = ['database', 'provider_mark', 'provider_effect'];

const restoresDetected = counter(
  'arcadia_database_restores_total',
  'Restores of the database from a backup that were detected',
  ['witness'],
  WITNESSES.map((witness) => ({ witness })),
);

/**
 * Detects that the database was restored from a backup, by any means. Sagas that were open in the backup may have continued after it and
 * created resources that only the provider knows. [OPS-8]
 */
@Injectable()
export class RestoreDetector {
  private readonly log = new Logger('Reaper');
  private readonly witnessCheck: SharedPoll<boolean>;

  constructor(
    private readonly database: Database,
    private readonly sagas: SagaQueries,
    private readonly provider: DigitalOcean,
    private readonly witness: RestoreWitness,
    private readonly resources: TaggedResources,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.witnessCheck = new SharedPoll(database, config.saga.reaperPeriodMs, 'database_witness', () => this.checkProvider(false));
  }

  /**
   * Runs in each round of the reaper and before a worker claims a saga. Connections outlive a restore, and a saga that the restore
   * interrupted must be marked before it continues.
   */
  async check(): Promise<RestoreKnowledge> {
    const { moved, known } = await this.database.transaction((tx) => this.checkServer(tx));
    if (!this.provider.configured) return 'ruled_out';
    try {
      if (moved || !known) await this.checkProvider(moved);
      else await this.witnessCheck.latest();
      return 'ruled_out';
    } catch (error) {
      this.log.warn({ event: 'restore_not_ruled_out', code: errorCode(error) });
      if (error instanceof ForbiddenByProviderError) return 'ruled_out'; // a token without tag:read can never read the witness
      return (known && !moved) || !(await this.sagas.anyOpen()) ? 'unlikely' : 'unknown';
    }
  }

  /** Detects a resource of an open saga that has no recorded intent to create one. Its ledger is older than the provider. */
  async noticeEffects(resources: readonly TaggedResource[]): Promise<boolean> {
    const withoutIntent = await this.sagas.withoutIntent([...new Set(resources.map(({ sagaId }) => sagaId))], CREATING_STEPS);
    const found = resources.some(({ sagaId, createdAt }) => {
      const sagaCreatedAtMs = withoutIntent.get(sagaId);
      return sagaCreatedAtMs !== undefined && isCreatedSince(createdAt, sagaCreatedAtMs);
    });
    if (found) await this.database.transaction((tx) => this.noteRestore(tx, 'provider_effect'));
    return found;
  }

  /** When a restore was last detected; null when none was. */
  async restoredAtMs(): Promise<number | null> {
    const [row] = await this.database.query<{ at: number | null }>(
      'select extract(epoch from restored_at)::float8 * 1000 as at from database_witness',
    );
    return row?.at ?? null;
  }

  /** Compares cluster, timeline and database with the noted ones. After a restore one of them differs. */
  private async checkServer(tx: Queryable): Promise<{ moved: boolean; known: boolean }> {
    await tx.query(FIRST_WITNESS);
    const [witness] = await tx.query<{ elsewhere: boolean; known: boolean }>(WITNESS);
    const [row] = await tx.query<{ first: boolean; fresh: boolean }>(NOTE_TIMELINE);
    const moved = witness?.elsewhere === true || (row?.fresh === true && !row.first);
    if (moved) await this.noteRestore(tx, 'database');
    return { moved, known: witness?.known === true };
  }

  /** `moved` is true when a restore was already detected. Throws the client's errors while it is unknown whether a restore happened. */
  private async checkProvider(moved: boolean): Promise<boolean> {
    const matches = moved ? false : await this.witness.matchesProvider();
    if (!matches && !moved) await this.database.transaction((tx) => this.noteRestore(tx, 'provider_mark'));
    if (matches && !(await this.isKnownServer())) await this.noticeEffects(await this.resources.list());
    await this.raiseWitness(matches);
    await this.database.query('update database_witness set server_started_at = pg_postmaster_start_time()');
    return matches;
  }

  /** A raise that fails is repeated in the next round. Only after a restore no saga continues before the witness was raised. */
  private async raiseWitness(matches: boolean): Promise<void> {
    if (!matches) return this.witness.raiseAboveAll();
    try {
      await this.witness.raise();
    } catch (error) {
      this.log.warn({ event: 'restore_mark_not_raised', code: errorCode(error) });
    }
  }

  private async isKnownServer(): Promise<boolean> {
    const [row] = await this.database.query<{ known: boolean }>(WITNESS.replace(' for update', ''));
    return row?.known === true;
  }

  private async noteRestore(tx: Queryable, witness: Witness): Promise<void> {
    const unfinished = await this.sagas.markRestored(tx, this.config.saga.reaperGraceMs);
    await tx.query(RESTORED);
    restoresDetected.inc({ witness });
    this.log.error({ event: 'database_restored', witness, unfinished_sagas: unfinished });
  }
}

const CURRENT_DATABASE = '(select oid::bigint from pg_database where datname = current_database())';

const FIRST_WITNESS = `insert into database_witness (database_oid) values (${CURRENT_DATABASE}) on conflict do nothing`;

/** `known`: the provider has been asked since the database server started. A copy of the server's files implies a start. */
const WITNESS = `
select database_oid <> ${CURRENT_DATABASE} as elsewhere, coalesce(server_started_at = pg_postmaster_start_time(), false) as known from database_witness for update`;

const RESTORED = `update database_witness set database_oid = ${CURRENT_DATABASE}, server_started_at = null, restored_at = clock_timestamp()`;

/** Notes the current cluster and timeline; returns whether they are new, and whether they are the first. */
const NOTE_TIMELINE = `
with current as (select s.system_identifier::text as id, c.timeline_id as timeline from pg_control_system() s, pg_control_checkpoint() c),
noted as (insert into database_lineage (system_identifier, timeline) select id, timeline from current on conflict do nothing returning 1)
select exists (select 1 from noted) as fresh, not exists (select 1 from database_lineage) as first`;
