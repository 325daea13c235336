import { AccountBinding, DescribedTenants, parseProject, ProjectMirror, type ListedProject, type Member } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { queryableOf, Transaction } from '#libs/database';
import { DigitalOcean, IncompleteListError, ProviderError, UnknownOutcomeError } from '#libs/digitalocean';
import { isRetryable } from '#libs/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { readableId } from '../kinds/kind';
import { OwnershipRecorder } from '../recorder/ownership-recorder';
import { MembershipWalk } from './membership-walk';
import { Placeholders, type PlaceholderMisses } from './placeholders';
import { ProjectReconciler, type ProjectMisses } from './project-reconciler';
import { SpacesBuckets } from './spaces-buckets';
import { databaseTime, type SweepRun } from './sweep';
import { SweepLedger } from './sweep-ledger';

/**
 * Ensures that the project for resources without an owner exists at the provider. It is searched by name in the complete list first, then
 * created once. Nothing is ever moved into it at the provider.
 */
@Injectable()
export class FallbackProject {
  private readonly log = new Logger(FallbackProject.name);

  constructor(
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
    private readonly mirror: ProjectMirror,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Call it after a complete list of the projects. After a lost response the next list finds the project; after a refusal it stays local.
   * `record` writes the created project into the mirror.
   */
  async ensure(accountId: string, record: (page: readonly ListedProject[]) => Promise<void>): Promise<void> {
    if (await this.mirror.hasFallback(accountId)) return;
    try {
      const { fingerprint } = await this.binding.check('provisioning');
      const created = await this.provider.send({
        purpose: 'provisioning',
        fingerprint,
        method: 'POST',
        path: '/v2/projects',
        key: 'project',
        parse: parseProject,
        body: {
          name: this.config.provider.fallbackProject,
          description: 'Home of resources that belong to nobody yet. Kept by arcadia-cloud.',
          purpose: 'Operational / Developer tooling',
          environment: 'Production',
        },
      });
      await record([created]);
      // The provider may have given the project another name. A local fallback stops the next sweep from creating it again.
      if (created.name !== this.config.provider.fallbackProject) await this.mirror.keepLocalFallback(accountId);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      this.log.warn({ event: 'fallback_project_create_failed', code: error.code });
      if (!(error instanceof UnknownOutcomeError) && !isRetryable(error)) await this.mirror.keepLocalFallback(accountId);
    }
  }
}

/**
 * Sweeps the projects in two passes: the first mirrors them, the second lists their members. A complete walk writes memberships, owners and
 * placeholder kinds in one transaction. An incomplete walk ends no membership.
 */
@Injectable()
export class ProjectSweep {
  constructor(
    private readonly transaction: Transaction,
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
    private readonly mirror: ProjectMirror,
    private readonly described: DescribedTenants,
    private readonly fallback: FallbackProject,
    private readonly membershipWalk: MembershipWalk,
    private readonly placeholders: Placeholders,
    private readonly spaces: SpacesBuckets,
    private readonly reconciler: ProjectReconciler,
    private readonly owners: OwnershipRecorder,
    private readonly ledger: SweepLedger,
  ) {}

  async run(run: SweepRun): Promise<void> {
    const listed = await this.mirrorProjects(run);
    const { completeReason } = run.progress;
    if (completeReason === null) await this.fallback.ensure(run.accountId, (page) => this.recordPage(run, page)); // it may be an unreadable one
    const walked: Member[] = [];
    const projects = await this.mirror.listMirrored(run.accountId, listed);
    const walkedFrom = databaseTime(run, performance.now());
    const buckets = await this.spaces.read(run);
    try {
      await this.membershipWalk.walk(run, projects, (members) => walked.push(...members));
    } finally {
      await this.binding.reverify(run.purpose);
      await this.placeholders.record(run, walked, buckets, walkedFrom); // members that were listed are recorded even when the walk failed
    }
    if (projects.length < listed.length) throw new IncompleteListError('unreadable_item'); // members of an unreadable new project are unknown
    const walkedIds = projects.map((project) => project.id);
    const judged = {
      projects: await this.reconciler.judge(run, listed),
      placeholders: await this.placeholders.judge(run, walkedIds, walked, buckets),
    };
    await this.binding.reverify(run.purpose); // a 404 of another account proves nothing [INV-6]
    await run.progress.saveCounts();
    await this.transaction.run((em) => this.writeOutcome(em, run, walkedIds, walked, judged));
  }

  private async writeOutcome(
    em: EntityManager,
    run: SweepRun,
    projectIds: readonly string[],
    walked: readonly Member[],
    { projects, placeholders }: { projects: ProjectMisses; placeholders: PlaceholderMisses },
  ): Promise<void> {
    const tx = queryableOf(em);
    await this.owners.lockAttribution(tx);
    await this.ledger.lockSweep(tx, run.id);
    const suspicion = projects.decision.suspect ?? placeholders.suspect;
    const members = await this.reconciler.applyWalk(em, run, { projectIds, trusted: suspicion === null }, walked);
    const suspect = suspicion ?? (members.blind ? 'members_vanished' : null);
    await this.ledger.markUsed(tx, [...new Set(walked.filter(({ uncertain }) => !uncertain).map(({ kind }) => kind))]);
    if (!suspect) {
      await this.reconciler.write(tx, projects);
      await this.placeholders.write(tx, run, placeholders);
      await this.described.registerFirst(em, run.accountId);
    }
    await this.owners.reattribute(tx, run.accountId, 'sweep', null, { writerId: run.id });
    const missing = [...projects.missing.map((row) => `project/${row.providerId}`), ...placeholders.missing, ...members.missed];
    await this.ledger.closeSweep(
      tx,
      run.id,
      suspect ? 'suspect' : 'complete',
      suspect ?? run.progress.completeReason,
      suspect ? missing : null,
    );
  }

  private async mirrorProjects(run: SweepRun): Promise<string[]> {
    const listed: string[] = [];
    const list = this.provider.list({
      purpose: run.purpose,
      fingerprint: run.fingerprint,
      path: '/v2/projects',
      key: 'projects',
      parse: parseProject,
      idOf: (project) => project.providerId,
      idOfUnreadable: (raw) => readableId({}, raw),
      signal: run.signal,
    });
    for await (const page of list) {
      await this.binding.reverify(run.purpose);
      await this.recordPage(run, page.items);
      listed.push(...page.items.map((project) => project.providerId), ...page.unreadable.flatMap(({ id }) => id ?? []));
      run.progress.addUnreadable('/v2/projects', page.unreadable);
      run.progress.expectPages(Math.max(page.pagesExpected, page.page) + page.total);
      await run.progress.addCounts({ pagesDone: 1, calls: page.calls, seen: page.items.length });
    }
    return listed;
  }
  /** The lock on the sweep comes first, so that a worker that was suspended beyond its lease writes nothing. */
  private recordPage(run: SweepRun, page: readonly ListedProject[]): Promise<void> {
    return this.transaction.run(async (em) => {
      await this.ledger.lockSweep(queryableOf(em), run.id);
      await this.mirror.recordPage(em, run.accountId, page);
    });
  }
}
