import { ProjectService } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { NotFoundAtProviderError } from '#libs/digitalocean';
import { done, fail, retry, wait, type StepContext, type StepDefinition, type StepKey } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { SharedProviderPoller } from '../polling/shared-provider-poller';
import { OwnerChangedError } from '../protection/destruction-guard';
import { PROJECT_FIELD, ProjectCalls } from '../provider/project-calls';
import { stepErrorOf } from '../provisioning.errors';
import { CREATE_DROPLET } from './create-droplet.step';

type AssignIntent = { readonly askedAtMs: number };
type AssignedProject = { readonly project_uuid: string };
type Input = { readonly project_id?: string };
type Ctx = StepContext<Input, AssignIntent, AssignedProject>;

export const ASSIGN_PROJECT: StepKey<AssignedProject> = { name: 'assign_project' };

/**
 * Moves a new droplet or volume from the default project to its own, and waits until the project's list contains it. A create cannot name a
 * project, and what is in the default project has no tenant (docs/digitalocean-facts.md 1.12).
 */
@Injectable()
export class AssignProjectStep implements StepDefinition<Input, AssignIntent, AssignedProject> {
  readonly name = ASSIGN_PROJECT.name;

  constructor(
    private readonly projects: ProjectCalls,
    private readonly poller: SharedProviderPoller,
    private readonly projectService: ProjectService,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = () => ({ does: `Moves the ${this.subject} into its project`, calls: { min: 1, typical: 2 } });

  protected get subject(): string {
    return 'droplet';
  }

  /** The new object: its kind, which is also the type in its URN, and the provider's id. */
  protected madeBy(ctx: Ctx): { readonly kind: string; readonly id: string } {
    return { kind: 'droplet', id: ctx.outputOf(CREATE_DROPLET).droplet_id };
  }

  readonly execute = async (ctx: Ctx) => {
    const project = ctx.input.project_id === undefined ? undefined : await this.projectService.find(ctx.input.project_id);
    if (!project?.provider_id || project.deleted_at)
      return fail({ code: 'project_gone', detail: 'The project does not exist any more' }, 'none');
    const { kind, id } = this.madeBy(ctx);
    const uuid = project.provider_id;
    const urn = `do:${kind}:${id}`;
    return ctx.effect('assign project', {
      find: async () => ((await this.isMember(uuid, urn)) ? done({ project_uuid: uuid }) : undefined),
      intent: {},
      fields: { sentAtMs: 'askedAtMs' },
      lagMs: this.config.provider.lagMs,
      writes: () => [{ target: `${kind}:${id}`, object: '', sets: { [PROJECT_FIELD]: uuid }, before: {} }],
      // A saga of an admin has no tenant, nor has one of an earlier release that an admin started for a tenant.
      instead: () =>
        ctx.tenantId === null || project.tenant_id === ctx.tenantId
          ? undefined
          : fail(stepErrorOf(new OwnerChangedError(project.name)), 'none'),
      send: () => this.projects.assignResources(uuid, [urn], ctx.signal),
      pending: wait(this.config.saga.pollMs, `waiting for the project to list ${kind} ${id}`),
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
