import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { NotFoundAtProviderError } from '#libs/digitalocean';
import { errorCode } from '#libs/kernel';
import { counter } from '#libs/observability';
import { SagaQueries, type RecordedIntent } from '#libs/saga';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SharedPoll } from '../looks/shared-look';
import { DropletCalls } from '../provider/droplet-calls';
import { SnapshotCalls } from '../provider/snapshot-calls';
import { straysAmong, type Orphan } from './decide-strays';
import { OrphanDnsRecords } from './late-records';
import { RestoreDetector, type RestoreKnowledge } from './lineage';
import { MarkedThings } from './marked-things';
import { SagaTagObjects } from './saga-tag-objects';
import { OrphanRepository } from './stray-ledger';

/** Sagas after which something may appear late, and their step that makes it. */
const MAKING = [
  ['provision_droplet', 'create_droplet'],
  ['snapshot_droplet', 'take_snapshot'],
  ['upsert_dns_record', 'ensure_record'],
] as const;

const found = counter(
  'arcadia_strays_total',
  'Things at the provider that no saga accounts for',
  ['kind', 'reason'],
  (['droplet', 'snapshot'] as const).flatMap((kind) =>
    (['unknown_saga', 'restored', 'older'] as const).map((reason) => ({ kind, reason })),
  ),
);

/** What one round found. */
export interface Reaped {
  readonly strays: number;
  readonly asked: number;
  readonly tags: number;
}

/**
 * Finds what our sagas left at the provider without knowing it, because a call took effect after its saga had stopped looking: destroys what is a
 * known saga's and not its result, and reports the rest (SAG-6, SAG-8). One worker at a time.
 */
@Injectable()
export class Reaper {
  private readonly log = new Logger('Reaper');
  private readonly rounds: SharedPoll<Reaped>;
  private readonly thorough: SharedPoll<Reaped>;
  private readonly never = new AbortController().signal;

  constructor(
    database: Database,
    private readonly sagas: SagaQueries,
    private readonly droplets: DropletCalls,
    private readonly snapshots: SnapshotCalls,
    private readonly ledger: OrphanRepository,
    private readonly records: OrphanDnsRecords,
    private readonly tags: SagaTagObjects,
    private readonly lineage: RestoreDetector,
    private readonly things: MarkedThings,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    const { reaperPeriodMs, reaperGraceMs } = config.saga;
    this.rounds = new SharedPoll(database, reaperPeriodMs, 'reaper', () => this.reap());
    this.thorough = new SharedPoll(database, Math.max(reaperPeriodMs, reaperGraceMs), 'reaper_thorough', () => this.cleanUp());
  }

  /**
   * A round, if one is due: soon while a saga is in doubt about what it made, or was lately, and once per grace period in any case. Throws the
   * client's errors.
   */
  async round(): Promise<void> {
    if ((await this.noticeRestore()) !== 'ruled_out') return;
    if (await this.anythingInDoubt()) await this.rounds.latest();
    await this.thorough.latest();
  }

  noticeRestore(): Promise<RestoreKnowledge> {
    return this.lineage.check();
  }

  /** Only what was sent without a known answer can appear late; looking costs a page per 200 of all that we manage. */
  private async anythingInDoubt(): Promise<boolean> {
    for (const [kind, step] of MAKING) {
      const lately = await this.sagas.findRecordedIntents(kind, step, this.config.saga.reaperGraceMs);
      if (lately.some(inDoubt)) return true;
    }
    return false;
  }

  private async cleanUp(): Promise<Reaped> {
    const { strays, asked } = await this.reap();
    return { strays, asked, tags: await this.tags.remove() };
  }

  private async reap(): Promise<Reaped> {
    const marked = await this.things.list();
    await this.lineage.noticeEffects(marked);
    const sagas = await this.sagas.findByIds([...new Set(marked.map(({ sagaId }) => sagaId))]);
    const strays = straysAmong(marked, sagas, await this.lineage.restoredAtMs());
    const fresh = new Set((await this.ledger.found(strays, ['droplet', 'snapshot'])).map(({ providerId }) => providerId));
    for (const stray of strays.filter(({ providerId }) => fresh.has(providerId))) this.tell(stray);
    let asked = 0;
    for (const stray of strays) if (stray.destroy && (await this.destroy(stray))) asked += 1;
    return { strays: strays.length, asked: asked + (await this.records.remove()), tags: 0 };
  }

  /** Whether it was asked for now. One that is refused, e.g. because another event is under way, is asked for again in the next round. */
  private async destroy(stray: Orphan): Promise<boolean> {
    try {
      if (stray.kind === 'droplet') await this.droplets.destroy(stray.providerId, this.never);
      else if (stray.kind === 'snapshot') await this.snapshots.destroy(stray.providerId, this.never);
    } catch (error) {
      if (error instanceof NotFoundAtProviderError) return false;
      this.log.warn({ event: 'stray_not_destroyed', kind: stray.kind, provider_id: stray.providerId, code: errorCode(error) });
      return false;
    }
    await this.ledger.askedAway(stray);
    return true;
  }

  private tell({ kind, providerId, sagaId, reason, destroy }: Orphan): void {
    found.inc({ kind, reason });
    const line = { event: 'stray_found', kind, provider_id: providerId, saga_id: sagaId, reason, destroyed: destroy };
    if (destroy) this.log.warn(line);
    else this.log.error({ ...line, event: 'orphan_reported' });
  }
}

/** An answered write puts out its id, or its action's; a second create means that the first was not answered. */
function inDoubt({ intent, output }: RecordedIntent): boolean {
  const answered = output !== null && output.adopted !== true && (output.action_id !== undefined || output.record_id !== undefined);
  return !answered || intent.doubtful === true || Number(intent.create ?? 1) > 1;
}
