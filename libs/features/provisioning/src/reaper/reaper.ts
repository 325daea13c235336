import { CONFIG, type Config } from '#libs/config';
import { NotFoundAtProviderError } from '#libs/digitalocean';
import { ResourceRegistrar } from '#libs/inventory';
import { errorFields } from '#libs/kernel';
import { counter } from '#libs/observability';
import { SagaQueries, type RecordedIntent } from '#libs/saga';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { SharedPolls, type SharedPoll } from '../polling/shared-poll';
import { DropletCalls } from '../provider/droplet-calls';
import { ProductCalls } from '../provider/product-calls';
import { SnapshotCalls } from '../provider/snapshot-calls';
import { sagaIdFromTag, TagCalls } from '../provider/tag-calls';
import { findOrphans, type FoundOrphan } from './find-orphans';
import { LateWrites } from './late-writes';
import { OrphanDnsRecords } from './orphan-dns-records';
import { OrphanRepository } from './orphan.repository';
import { RestoreDetector, type RestoreKnowledge } from './restore-detector';
import { RestoreWitness } from './restore-witness';
import { TaggedResources } from './tagged-resources';

/** The sagas after which a resource may appear late, each with the step that creates it. */
const CREATING_STEPS = [
  ['provision_droplet', 'create_droplet'],
  ['snapshot_droplet', 'take_snapshot'],
  ['destroy_droplet', 'take_snapshot'],
  ['restore_droplet', 'take_snapshot'],
  ['create_volume', 'create_volume'],
  ['create_firewall', 'create_firewall'],
  ['upsert_dns_record', 'ensure_record'],
] as const;

/** The kinds that `TaggedResources` lists. */
const ORPHAN_KINDS = ['droplet', 'snapshot', 'volume', 'firewall'] as const;

const orphansFound = counter(
  'arcadia_orphans_total',
  'Orphans that the reaper found: provider resources that no saga accounts for',
  ['kind', 'reason'],
  ORPHAN_KINDS.flatMap((kind) => (['unknown_saga', 'restored', 'older'] as const).map((reason) => ({ kind, reason }))),
);

/** The result of one run: numbers of orphans, of requested deletions and of deleted tag objects. */
export interface ReaperRun {
  readonly orphans: number;
  readonly deleted: number;
  readonly tags: number;
}

/**
 * Finds resources that took effect after their saga had stopped looking for them. Destroys a known saga's resource that is not its result,
 * and reports all others. One worker at a time. [SAG-6, SAG-8]
 */
@Injectable()
export class Reaper {
  private readonly log = new Logger('Reaper');
  private readonly frequentRun: SharedPoll<ReaperRun>;
  private readonly thoroughRun: SharedPoll<ReaperRun>;
  private readonly lateWritesRun: SharedPoll<number>;
  private readonly neverAborted = new AbortController().signal;

  constructor(
    polls: SharedPolls,
    private readonly sagas: SagaQueries,
    private readonly droplets: DropletCalls,
    private readonly snapshots: SnapshotCalls,
    private readonly products: ProductCalls,
    private readonly tags: TagCalls,
    private readonly orphans: OrphanRepository,
    private readonly dnsRecords: OrphanDnsRecords,
    private readonly lateWrites: LateWrites,
    private readonly restores: RestoreDetector,
    private readonly witness: RestoreWitness,
    private readonly resources: TaggedResources,
    private readonly inventory: ResourceRegistrar,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    const { reaperPeriodMs, reaperGraceMs } = config.saga;
    this.frequentRun = polls.define({ name: 'reaper', everyMs: reaperPeriodMs, poll: () => this.reap() });
    const thorough = { name: 'reaper_thorough', everyMs: Math.max(reaperPeriodMs, reaperGraceMs), poll: () => this.reapAndDeleteTags() };
    this.thoroughRun = polls.define(thorough);
    this.lateWritesRun = polls.define({ name: 'late_writes', everyMs: reaperPeriodMs, poll: () => this.lateWrites.round() });
  }

  /**
   * Runs once per period while the outcome of a saga's create is or was lately unknown, and once per grace period in any case. Throws the
   * client's errors.
   */
  async round(): Promise<void> {
    if ((await this.noticeRestore()) !== 'ruled_out') return;
    if (await this.hasUnknownOutcome()) await this.frequentRun.latest();
    await this.thoroughRun.latest();
    if (await this.lateWrites.areAwaited()) await this.lateWritesRun.latest();
  }

  noticeRestore(): Promise<RestoreKnowledge> {
    return this.restores.check();
  }

  /** Only a create with an unknown outcome can appear late. The check matters because a run costs a page per 200 managed resources. */
  private async hasUnknownOutcome(): Promise<boolean> {
    for (const [kind, step] of CREATING_STEPS) {
      const intents = await this.sagas.findRecordedIntents(kind, step, this.config.saga.reaperGraceMs);
      if (intents.some(isOutcomeUnknown)) return true;
    }
    return false;
  }

  private async reapAndDeleteTags(): Promise<ReaperRun> {
    const run = await this.reap();
    return { ...run, tags: await this.deleteUnusedTags() };
  }

  private async reap(): Promise<ReaperRun> {
    const resources = await this.resources.list();
    await this.restores.noticeEffects(resources);
    const sagas = await this.sagas.findByIds([...new Set(resources.map(({ sagaId }) => sagaId))]);
    const orphans = findOrphans(resources, sagas, await this.restores.restoredAtMs());
    const added = new Set((await this.orphans.recordFound(orphans, ORPHAN_KINDS)).map(({ providerId }) => providerId));
    let deleted = 0;
    for (const orphan of orphans) {
      const destroy = orphan.destroy && !(await this.isProtected(orphan));
      if (added.has(orphan.providerId)) this.report({ ...orphan, destroy });
      if (destroy && (await this.destroy(orphan))) deleted += 1;
    }
    return { orphans: orphans.length, deleted: deleted + (await this.dnsRecords.deleteAll()), tags: 0 };
  }

  /** The orphan is protected: it is reported only, and an operator decides about it. [TNT-5] */
  private async isProtected({ kind, providerId }: FoundOrphan): Promise<boolean> {
    return ((await this.inventory.findByProviderId(kind, providerId))?.protected_by ?? null) !== null;
  }

  /** Whether the deletion was requested. A refused one, as during another action, is requested again in the next run. */
  private async destroy(orphan: FoundOrphan): Promise<boolean> {
    try {
      if (orphan.kind === 'droplet') await this.droplets.destroy(orphan.providerId, this.neverAborted);
      else if (orphan.kind === 'snapshot') await this.snapshots.delete(orphan.providerId, this.neverAborted);
      else if (orphan.kind !== 'dns_record') await this.products.delete(orphan.kind, orphan.providerId, this.neverAborted);
    } catch (error) {
      if (error instanceof NotFoundAtProviderError) return false;
      this.log.warn({ event: 'orphan_destroy_failed', kind: orphan.kind, provider_id: orphan.providerId, ...errorFields(error) });
      return false;
    }
    await this.orphans.markDeleteRequested(orphan);
    return true;
  }

  private report({ kind, providerId, sagaId, reason, destroy }: FoundOrphan): void {
    orphansFound.inc({ kind, reason });
    const line = { event: 'orphan_found', kind, provider_id: providerId, saga_id: sagaId, reason, destroyed: destroy };
    if (destroy) this.log.warn(line);
    else this.log.error({ ...line, event: 'orphan_reported' });
  }

  /**
   * Deletes the tag objects of ended sagas that no resource carries any more, and returns their number. Late effects are found by these
   * tags, so they stay until the grace period after the end of the saga is over.
   */
  private async deleteUnusedTags(): Promise<number> {
    const listed = await this.tags.list();
    await this.witness.deleteOlder(listed.map(({ name }) => name));
    const empty = listed.flatMap(({ name, count }) => {
      const sagaId = sagaIdFromTag(name);
      return sagaId !== undefined && count === 0 ? [{ name, sagaId }] : [];
    });
    const sagas = await this.sagas.findByIds(empty.map(({ sagaId }) => sagaId));
    const unused = empty.filter(({ sagaId }) => (sagas.get(sagaId)?.endedMsAgo ?? 0) > this.config.saga.reaperGraceMs);
    for (const { name } of unused) await this.deleteTag(name);
    return unused.length;
  }

  /**
   * The inventory learns of it at once. A sweep that found the tags of many sagas missing would be suspect, and would stay so until an
   * admin releases it. [INV-3, INV-5]
   */
  private async deleteTag(name: string): Promise<void> {
    await this.tags.delete(name);
    if (!(await this.tags.exists(name))) await this.inventory.markDeleted('tag', name, sagaIdFromTag(name));
  }
}

/**
 * The output of an answered write contains the id of the resource or of the action. A second create means that the first one was not
 * answered.
 */
function isOutcomeUnknown({ intent, output }: RecordedIntent): boolean {
  const answered =
    output !== null && output.adopted !== true && ['action_id', 'record_id', 'provider_id'].some((field) => output[field] !== undefined);
  return !answered || intent.doubtful === true || Number(intent.create ?? 1) > 1;
}
