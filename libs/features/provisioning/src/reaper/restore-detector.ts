import { CONFIG, type Config } from '#libs/config';
import { queryableOf, sql, Transaction } from '#libs/database';
import { DigitalOcean, ForbiddenByProviderError } from '#libs/digitalocean';
import { errorFields } from '#libs/kernel';
import { counter } from '#libs/observability';
import { SagaQueries } from '#libs/saga';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, Repository } from 'typeorm';
import { CURRENT_DATABASE, DatabaseWitness } from '../entities/database-witness.entity';
import { SharedPolls, type SharedPoll } from '../polling/shared-poll';
import { isCreatedSince } from '../provider/tag-calls';
import { RestoreWitness } from './restore-witness';
import { CREATED_BY, TaggedResources, type TaggedResource } from './tagged-resources';

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
    private readonly transaction: Transaction,
    polls: SharedPolls,
    @InjectRepository(DatabaseWitness) private readonly witnesses: Repository<DatabaseWitness>,
    private readonly sagas: SagaQueries,
    private readonly provider: DigitalOcean,
    private readonly witness: RestoreWitness,
    private readonly resources: TaggedResources,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    const everyMs = config.saga.reaperPeriodMs;
    this.witnessCheck = polls.define({ name: 'database_witness', everyMs, poll: () => this.checkProvider(false) });
  }

  /**
   * Runs in each round of the reaper and before a worker claims a saga. Connections outlive a restore, and a saga that the restore
   * interrupted must be marked before it continues.
   */
  async check(): Promise<RestoreKnowledge> {
    const { moved, known } = await this.transaction.run((em) => this.checkServer(em));
    if (!this.provider.configured) return 'ruled_out';
    try {
      if (moved || !known) await this.checkProvider(moved);
      else await this.witnessCheck.latest();
      return 'ruled_out';
    } catch (error) {
      this.log.warn({ event: 'restore_not_ruled_out', ...errorFields(error) });
      if (error instanceof ForbiddenByProviderError) return 'ruled_out'; // a token without tag:read can never read the witness
      return (known && !moved) || !(await this.sagas.anyOpen()) ? 'unlikely' : 'unknown';
    }
  }

  /** Detects a resource of an open saga that has no recorded intent to create one. Its ledger is older than the provider. */
  async noticeEffects(resources: readonly TaggedResource[]): Promise<boolean> {
    const withoutIntent = await this.sagas.withoutIntent([...new Set(resources.map(({ sagaId }) => sagaId))], Object.values(CREATED_BY));
    const found = resources.some(({ sagaId, createdAt }) => {
      const sagaCreatedAtMs = withoutIntent.get(sagaId);
      return sagaCreatedAtMs !== undefined && isCreatedSince(createdAt, sagaCreatedAtMs);
    });
    if (found) await this.transaction.run((em) => this.noteRestore(em, 'provider_effect'));
    return found;
  }

  /** When a restore was last detected; null when none was. */
  async restoredAtMs(): Promise<number | null> {
    const witness = await this.witnesses.findOneBy({ one: true });
    return witness?.restoredAt?.getTime() ?? null;
  }

  /** Compares cluster, timeline and database with the noted ones. After a restore one of them differs. */
  private async checkServer(em: EntityManager): Promise<{ moved: boolean; known: boolean }> {
    const first = { databaseOid: () => CURRENT_DATABASE };
    await em.createQueryBuilder().insert().into(DatabaseWitness).values(first).orIgnore().updateEntity(false).execute();
    const witness = await em.findOne(DatabaseWitness, { where: { one: true }, lock: { mode: 'pessimistic_write' } });
    const [timeline] = await sql<{ first: boolean; fresh: boolean }>(em, NOTE_TIMELINE);
    const moved = witness?.elsewhere === true || (timeline?.fresh === true && !timeline.first);
    if (moved) await this.noteRestore(em, 'database');
    return { moved, known: witness?.known === true };
  }

  /** `moved` is true when a restore was already detected. Throws the client's errors while it is unknown whether a restore happened. */
  private async checkProvider(moved: boolean): Promise<boolean> {
    const matches = moved ? false : await this.witness.matchesProvider();
    if (!matches && !moved) await this.transaction.run((em) => this.noteRestore(em, 'provider_mark'));
    if (matches && !(await this.isKnownServer())) await this.noticeEffects(await this.resources.list());
    await this.raiseWitness(matches);
    await this.witnesses.update({ one: true }, { serverStartedAt: () => 'pg_postmaster_start_time()' });
    return matches;
  }

  /** A raise that fails is repeated in the next round. Only after a restore no saga continues before the witness was raised. */
  private async raiseWitness(matches: boolean): Promise<void> {
    if (!matches) return this.witness.raiseAboveAll();
    try {
      await this.witness.raise();
    } catch (error) {
      this.log.warn({ event: 'restore_mark_not_raised', ...errorFields(error) });
    }
  }

  private async isKnownServer(): Promise<boolean> {
    return (await this.witnesses.findOneBy({ one: true }))?.known === true;
  }

  private async noteRestore(em: EntityManager, witness: Witness): Promise<void> {
    const unfinished = await this.sagas.markRestored(queryableOf(em), this.config.saga.reaperGraceMs);
    const restored = { databaseOid: () => CURRENT_DATABASE, serverStartedAt: null, restoredAt: () => 'clock_timestamp()' };
    await em.update(DatabaseWitness, { one: true }, restored);
    restoresDetected.inc({ witness });
    this.log.error({ event: 'database_restored', witness, unfinished_sagas: unfinished });
  }
}

/**
 * Notes the current cluster and timeline; returns whether they are new, and whether they are the first. Fenced: runs under the row lock of
 * the witness.
 */
const NOTE_TIMELINE = `
with current as (select s.system_identifier::text as id, c.timeline_id as timeline from pg_control_system() s, pg_control_checkpoint() c),
noted as (insert into database_timeline (system_identifier, timeline) select id, timeline from current on conflict do nothing returning 1)
select exists (select 1 from noted) as fresh, not exists (select 1 from database_timeline) as first`;
