import { NotFoundAtProviderError } from '#libs/digitalocean';
import { CONFIG, type Config } from '#libs/config';
import { done, fail, retry, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { ProjectReader } from '#libs/inventory';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../looks/provider-looks';
import { ProjectCalls } from '../provider/project-calls';
import { outcomeOf } from '../provider/write-outcome';
import type { ProvisionDropletInput } from './provision-droplet.input';

/**
 * Moves the new droplet from the default project to its own, and believes it when the project's list shows it: an order cannot name a
 * project, and whatever stays in the default one is nobody's (docs/digitalocean-facts.md 1.12).
 */
@Injectable()
export class AssignProjectStep implements StepDefinition<ProvisionDropletInput> {
  readonly name = 'assign_project';

  constructor(
    private readonly projects: ProjectCalls,
    private readonly looks: SharedProviderPoller,
    private readonly reader: ProjectReader,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: StepContext<ProvisionDropletInput>): Promise<StepAnswer> => {
    const project = ctx.input.project_id === undefined ? undefined : await this.reader.find(ctx.input.project_id);
    if (!project?.provider_id || project.deleted_at)
      return fail({ code: 'project_gone', detail: 'The project does not exist any more' }, 'none');
    const { droplet_id: id } = ctx.context.create_droplet as { droplet_id: string };
    const urn = `do:droplet:${id}`;
    const { pollMs } = this.config.saga;
    const askedAtMs = ctx.intent?.askedAtMs as number | undefined;
    if (askedAtMs !== undefined && (await this.isMember(project.provider_id, urn))) return done({ project_uuid: project.provider_id });
    if (askedAtMs !== undefined && ctx.sinceBegunMs - askedAtMs < this.config.provider.lagMs)
      return wait(pollMs, 'the project listing the droplet');
    await ctx.recordIntent({ askedAtMs: ctx.sinceBegunMs });
    const outcome = await outcomeOf(this.projects.assign(project.provider_id, [urn], ctx.signal));
    if (outcome.is === 'gone') return retry(outcome.error); // has been seen of projects that exist (docs/digitalocean-facts.md 3.2)
    return outcome.is === 'refused' ? outcome.answer : wait(pollMs, 'the project listing the droplet');
  };

  private async isMember(projectUuid: string, urn: string): Promise<boolean> {
    const seen = await this.looks.members(projectUuid).catch((error: unknown) => {
      if (error instanceof NotFoundAtProviderError) return undefined;
      throw error;
    });
    return seen?.what.some((member) => member.urn === urn && member.status !== 'not_found') === true;
  }
}
