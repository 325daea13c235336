import { ProjectService } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { NotFoundAtProviderError } from '#libs/digitalocean';
import { done, fail, retry, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../polling/shared-provider-poller';
import { ProjectCalls } from '../provider/project-calls';
import { outcomeOf } from '../provider/write-outcome';
import type { ProvisionDropletInput } from './droplet.input';

/**
 * Moves the new droplet from the default project to its own, and waits until the project's list contains it. A create cannot name a
 * project, and a droplet in the default project has no tenant (docs/digitalocean-facts.md 1.12).
 */
@Injectable()
export class AssignProjectStep implements StepDefinition<ProvisionDropletInput> {
  readonly name = 'assign_project';

  constructor(
    private readonly projects: ProjectCalls,
    private readonly poller: SharedProviderPoller,
    private readonly projectService: ProjectService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: StepContext<ProvisionDropletInput>): Promise<StepAnswer> => {
    const project = ctx.input.project_id === undefined ? undefined : await this.projectService.find(ctx.input.project_id);
    if (!project?.provider_id || project.deleted_at)
      return fail({ code: 'project_gone', detail: 'The project does not exist any more' }, 'none');
    const { droplet_id: id } = ctx.context.create_droplet as { droplet_id: string };
    const urn = `do:droplet:${id}`;
    const { pollMs } = this.config.saga;
    const { lagMs } = this.config.provider;
    const askedAtMs = ctx.intent?.askedAtMs as number | undefined;
    const notListed = wait(pollMs, `waiting for the project to list droplet ${id}`);
    if (askedAtMs !== undefined && (await this.isMember(project.provider_id, urn))) return done({ project_uuid: project.provider_id });
    if (askedAtMs !== undefined && ctx.sinceBegunMs - askedAtMs < lagMs) return notListed;
    await ctx.recordIntent({ askedAtMs: ctx.sinceBegunMs });
    const outcome = await outcomeOf(this.projects.assignResources(project.provider_id, [urn], ctx.signal));
    if (outcome.is === 'not_found') return retry(outcome.error); // existing projects have answered 404 (docs/digitalocean-facts.md 3.2)
    return outcome.is === 'refused' ? outcome.answer : notListed;
  };

  private async isMember(projectUuid: string, urn: string): Promise<boolean> {
    const members = await this.poller.projectMembers(projectUuid).catch((error: unknown) => {
      if (error instanceof NotFoundAtProviderError) return undefined;
      throw error;
    });
    return members?.value.some((member) => member.urn === urn && member.status !== 'not_found') === true;
  }
}
