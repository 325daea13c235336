import { Database, type Queryable } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { AccountBinding } from '../account/account-binding';
import { OwnershipRecorder } from '../recorder/ownership-recorder';
import { SweepLedger } from './sweep-ledger';
import { askedAt, type SweepRun } from './sweep';
import { FallbackProject } from './fallback-project';
import { ProjectMembershipRepository } from '../projects/project-membership.repository';
import { MembershipWalk, type Member } from './membership-walk';
import { Placeholders, type PlaceholderMisses } from './placeholders';
import { parseProject } from '../projects/project';
import { ProjectMirror } from '../projects/project-mirror';
import { ProjectReconciler, type ProjectMisses } from './project-reconciler';

/**
 * The sweep of the projects, in two passes: mirror them, then walk who is a member of which. What a complete walk says
 * about membership, owners and placeholder kinds is written in one transaction; an incomplete one takes nothing from anybody.
 */
@Injectable()
export class ProjectSweep {
  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    private readonly pin: AccountBinding,
    private readonly mirror: ProjectMirror,
    private readonly fallback: FallbackProject,
    private readonly membership: MembershipWalk,
    private readonly members: ProjectMembershipRepository,
    private readonly placeholders: Placeholders,
    private readonly projects: ProjectReconciler,
    private readonly owners: OwnershipRecorder,
    private readonly ledger: SweepLedger,
  ) {}

  async run(run: SweepRun): Promise<void> {
    const listed = await this.mirrorProjects(run);
    await this.fallback.ensure(run);
    const walked: Member[] = [];
    const projects = await this.mirror.listed(run.accountId, listed);
    const walkedFrom = askedAt(run, performance.now());
    try {
      await this.membership.walk(run, projects, (members) => walked.push(...members));
    } finally {
      await this.pin.reverify(run.purpose);
      await this.placeholders.record(run, walked, walkedFrom); // what was seen was seen, also when the walk did not end
    }
    const walkedIds = projects.map((project) => project.id);
    const judged = {
      projects: await this.projects.judge(run, listed),
      placeholders: await this.placeholders.judge(run, walkedIds, walked),
    };
    await this.pin.reverify(run.purpose); // another account's 404 proves nothing (INV-6)
    await run.progress.flush();
    await this.database.transaction((tx) => this.conclude(tx, run, walkedIds, walked, judged));
  }

  private async conclude(
    tx: Queryable,
    run: SweepRun,
    projectIds: readonly string[],
    walked: readonly Member[],
    { projects, placeholders }: { projects: ProjectMisses; placeholders: PlaceholderMisses },
  ): Promise<void> {
    await this.owners.lockAttribution(tx);
    await this.ledger.hold(tx, run.id);
    const doubt = projects.decision.suspect ?? placeholders.suspect;
    const members = await this.members.apply(tx, { ...run, projectIds, suspect: doubt !== null }, walked);
    const suspect = doubt ?? (members.blind ? 'members_vanished' : null);
    if (!suspect) {
      await this.projects.write(tx, projects);
      await this.placeholders.write(tx, run, placeholders);
    }
    await this.owners.reattribute(tx, run.accountId, 'sweep', null, run.id);
    const missing = [...projects.missing.map((row) => `project/${row.providerId}`), ...placeholders.missing, ...members.missed];
    await this.ledger.close(tx, run.id, suspect ? 'suspect' : 'complete', suspect, suspect ? missing : null);
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
      signal: run.signal,
    });
    for await (const page of list) {
      await this.pin.reverify(run.purpose);
      await this.mirror.recordPage(run, page.items);
      listed.push(...page.items.map((project) => project.providerId));
      run.progress.expect(Math.max(page.pagesExpected, page.page) + page.total);
      await run.progress.add({ pagesDone: 1, calls: page.calls, seen: page.items.length });
    }
    return listed;
  }
}
