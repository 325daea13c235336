import { CONFIG, type Config } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { DigitalOcean, ForbiddenByProviderError } from '#libs/digitalocean';
import { errorCode } from '#libs/kernel';
import { counter } from '#libs/observability';
import { SagaQueries } from '#libs/saga';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SharedPoll } from '../looks/shared-look';
import { madeSince } from '../provider/creation-time';
import type { Marked } from './decide-strays';
import { MarkedThings } from './marked-things';
import { ProviderMark } from './provider-mark';

/** The steps that make what names its saga; each records its intent before it does. */
const MAKERS = ['create_droplet', 'take_snapshot'];

/**
 * What is known after a check. `ruled_out`: there was none, or it has been noticed. `unlikely`: the provider did not answer, but the server has not
 * been started since it did. `unknown`: no open saga may go on until the provider has answered.
 */
export type RestoreKnowledge = 'ruled_out' | 'unlikely' | 'unknown';

/** What a restore was noticed by: the database is another one, the provider's mark is higher, or an effect is there that the ledger never meant. */
type Witness = 'database' | 'provider_mark' | 'provider_effect';
const WITNESSES: readonly Witness[] = ['database', 'provider_mark', 'provider_effect'];

const noticed = counter(
  'arcadia_database_restores_total',
  'Restores of the database from a backup that were noticed',
  ['witness'],
  WITNESSES.map((witness) => ({ witness })),
);

/**
 * Notices that the database was restored from a backup, by whatever means (OPS-8): sagas that were open in the backup may have gone on and made
 * things that only the provider knows.
 */
@Injectable()
export class RestoreDetector {
  private readonly log = new Logger('Reaper');
  private readonly asked: SharedPoll<boolean>;

  constructor(
    private readonly database: Database,
    private readonly sagas: SagaQueries,
    private readonly provider: DigitalOcean,
    private readonly mark: ProviderMark,
    private readonly things: MarkedThings,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.asked = new SharedPoll(database, config.saga.reaperPeriodMs, 'database_witness', () => this.askProvider(false));
  }

  /**
   * In each round, and before a worker claims anything: connections outlive a restore, and what it cut off must not go on unmarked.
   */
  async check(): Promise<RestoreKnowledge> {
    const { moved, known } = await this.database.transaction((tx) => this.note(tx));
    if (!this.provider.configured) return 'ruled_out';
    try {
      if (moved || !known) await this.askProvider(moved);
      else await this.asked.latest();
      return 'ruled_out';
    } catch (error) {
      this.log.warn({ event: 'restore_not_ruled_out', code: errorCode(error) });
      if (error instanceof ForbiddenByProviderError) return 'ruled_out'; // a token without tag:read shows no mark, now or later
      return (known && !moved) || !(await this.sagas.anyOpen()) ? 'unlikely' : 'unknown';
    }
  }

  /** A droplet or snapshot of an open saga that has not recorded that it is about to make one: the ledger is older than the provider. */
  async noticeEffects(marked: readonly Marked[]): Promise<boolean> {
    const forgetful = await this.sagas.withoutIntent([...new Set(marked.map(({ sagaId }) => sagaId))], MAKERS);
    const forgotten = marked.some(({ sagaId, createdAt }) => {
      const sagaCreatedAtMs = forgetful.get(sagaId);
      return sagaCreatedAtMs !== undefined && madeSince(createdAt, sagaCreatedAtMs);
    });
    if (forgotten) await this.database.transaction((tx) => this.restored(tx, 'provider_effect'));
    return forgotten;
  }

  /** When a restore was noticed last; null when none was. */
  async restoredAtMs(): Promise<number | null> {
    const [row] = await this.database.query<{ at: number | null }>(
      'select extract(epoch from restored_at)::float8 * 1000 as at from database_witness',
    );
    return row?.at ?? null;
  }

  /** What the server itself says of the database: another cluster, timeline or database than before is a restored one. */
  private async note(tx: Queryable): Promise<{ moved: boolean; known: boolean }> {
    await tx.query(FIRST_WITNESS);
    const [witness] = await tx.query<{ elsewhere: boolean; known: boolean }>(WITNESS);
    const [row] = await tx.query<{ first: boolean; fresh: boolean }>(NOTE_LINEAGE);
    const moved = witness?.elsewhere === true || (row?.fresh === true && !row.first);
    if (moved) await this.restored(tx, 'database');
    return { moved, known: witness?.known === true };
  }

  /** `moved`: a restore has been noticed already. Throws the client's errors while it is not sure whether there was one. */
  private async askProvider(moved: boolean): Promise<boolean> {
    const agrees = moved ? false : await this.mark.agrees();
    if (!agrees && !moved) await this.database.transaction((tx) => this.restored(tx, 'provider_mark'));
    if (agrees && !(await this.knownServer())) await this.noticeEffects(await this.things.list());
    await this.raiseMark(agrees);
    await this.database.query('update database_witness set server_started_at = pg_postmaster_start_time()');
    return agrees;
  }

  /** A mark that cannot be raised now is raised in the next round; only after a restore nothing goes on before it was. */
  private async raiseMark(agrees: boolean): Promise<void> {
    if (!agrees) return this.mark.raiseAboveAll();
    try {
      await this.mark.raise();
    } catch (error) {
      this.log.warn({ event: 'restore_mark_not_raised', code: errorCode(error) });
    }
  }

  private async knownServer(): Promise<boolean> {
    const [row] = await this.database.query<{ known: boolean }>(WITNESS.replace(' for update', ''));
    return row?.known === true;
  }

  private async restored(tx: Queryable, witness: Witness): Promise<void> {
    const marked = await this.sagas.markRestored(tx, this.config.saga.reaperGraceMs);
    await tx.query(RESTORED);
    noticed.inc({ witness });
    this.log.error({ event: 'database_restored', witness, unfinished_sagas: marked });
  }
}

const HERE = '(select oid::bigint from pg_database where datname = current_database())';

const FIRST_WITNESS = `insert into database_witness (database_oid) values (${HERE}) on conflict do nothing`;

/** `known`: the provider has been asked since the server of the database was started. A copy of its files comes with a start. */
const WITNESS = `
select database_oid <> ${HERE} as elsewhere, coalesce(server_started_at = pg_postmaster_start_time(), false) as known from database_witness for update`;

const RESTORED = `update database_witness set database_oid = ${HERE}, server_started_at = null, restored_at = clock_timestamp()`;

/** Notes which cluster and timeline this is; answers whether it is new, and whether it is the first. */
const NOTE_LINEAGE = `
with here as (select s.system_identifier::text as id, c.timeline_id as timeline from pg_control_system() s, pg_control_checkpoint() c),
noted as (insert into database_lineage (system_identifier, timeline) select id, timeline from here on conflict do nothing returning 1)
select exists (select 1 from noted) as fresh, not exists (select 1 from database_lineage) as first`;
