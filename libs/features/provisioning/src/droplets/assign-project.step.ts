import { ProjectService } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { NotFoundAtProviderError } from '#libs/digitalocean';
import { done, fail, retry, wait, type StepContext, type StepDefinition, type StepKey } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../polling/shared-provider-poller';
import { PROJECT_FIELD, ProjectCalls } from '../provider/project-calls';
import { stepErrorOf } from '../provisioning.errors';
import { CREATE_DROPLET } from './create-droplet.step';
import { dropletHolds } from './droplet-access';
import type { ProvisionDropletInput } from './droplet.input';

type AssignIntent = { readonly askedAtMs: number };
type AssignedProject = { readonly project_uuid: string };
type Ctx = StepContext<ProvisionDropletInput, AssignIntent, AssignedProject>;

export const ASSIGN_PROJECT: StepKey<AssignedProject> = { name: 'assign_project' };

/**
 * Moves the new droplet from the default project to its own, and waits until the project's list contains it. A create cannot name a
 * project, and a droplet in the default project has no tenant (docs/digitalocean-facts.md 1.12).
 */
@Injectable()
export class AssignProjectStep implements StepDefinition<ProvisionDropletInput, AssignIntent, AssignedProject> {
  readonly name = ASSIGN_PROJECT.name;

  constructor(
    private readonly projects: ProjectCalls,
    private readonly poller: SharedProviderPoller,
    private readonly projectService: ProjectService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = () => ({ does: 'Moves the droplet into its project', calls: { min: 1, typical: 2 } });

  readonly execute = async (ctx: Ctx) => {
    const project = ctx.input.project_id === undefined ? undefined : await this.projectService.find(ctx.input.project_id);
    if (!project?.provider_id || project.deleted_at)
      return fail({ code: 'project_gone', detail: 'The project does not exist any more' }, 'none');
    const { droplet_id: id } = ctx.outputOf(CREATE_DROPLET);
    const uuid = project.provider_id;
    const urn = `do:droplet:${id}`;
    return ctx.effect('assign project', {
      find: async () => ((await this.isMember(uuid, urn)) ? done({ project_uuid: uuid }) : undefined),
      intent: {},
      fields: { sentAtMs: 'askedAtMs' },
      lagMs: this.config.provider.lagMs,
      writes: () => dropletHolds({ droplet_id: id }).map((target) => ({ target, object: '', sets: { [PROJECT_FIELD]: uuid }, before: {} })),
      send: () => this.projects.assignResources(uuid, [urn], ctx.signal),
      pending: wait(this.config.saga.pollMs, `waiting for the project to list droplet ${id}`),
      // Existing projects have answered 404 (docs/digitalocean-facts.md 3.2).
      refused: (error) => (error.category === 'not_found' ? retry(stepErrorOf(error)) : undefined),
    });
  };

  private async isMember(projectUuid: string, urn: string): Promise<boolean> {
    const members = await this.poller.projectMembers(projectUuid).catch((error: unknown) => {
      if (error instanceof NotFoundAtProviderError) return undefined;
      throw error;
    });
    return members?.value.some((member) => member.urn === urn && member.status !== 'not_found') === true;
  }
}
