import { BoundProvider } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { record, wholeNumber, list, optionalRecord } from '#libs/digitalocean';
import { SagaQueries } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { parseAction, parseDroplet, type DropletAction } from '../provider/droplet-calls';
import { ProjectCalls, type ProjectMember } from '../provider/project-calls';
import { MANAGED_TAG } from '../provider/tag-calls';
import { SharedPolls, type PollResult, type SharedPoll } from './shared-poll';

const purpose = 'provisioning';
const PER_PAGE = 200;

/** A managed droplet in the list by tag. */
export interface ListedDroplet {
  readonly id: string;
  readonly status: string;
  readonly publicIpv4: string | null;
}

/** The stored result of a poll of the managed droplets. */
export interface ListedDroplets {
  readonly droplets: readonly ListedDroplet[];
  /** False when the list has more pages than the waiting sagas justify; those sagas then poll the actions instead. */
  readonly whole: boolean;
}

/**
 * The polls that waiting sagas share, one per `SAGA_POLL_MS` for all workers together. W waits cost ⌈W/200⌉ calls
 * (docs/measurements.md I1).
 */
@Injectable()
export class SharedProviderPoller {
  private readonly actions: SharedPoll<DropletAction[]>;
  private readonly droplets: SharedPoll<ListedDroplets>;
  private readonly projects = new Map<string, SharedPoll<ProjectMember[]>>();

  constructor(
    private readonly polls: SharedPolls,
    private readonly provider: BoundProvider,
    private readonly projectCalls: ProjectCalls,
    private readonly sagas: SagaQueries,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    const { pollMs } = config.saga;
    this.actions = polls.define({ name: 'actions', everyMs: pollMs, poll: () => this.newestActions() });
    this.droplets = polls.define({ name: 'managed_droplets', everyMs: pollMs, poll: () => this.listManagedDroplets() });
  }

  /** The action with this id; undefined when it is not among the newest actions of the account. */
  async action(id: string): Promise<DropletAction | undefined> {
    return (await this.actions.latest())?.value.find((action) => action.id === id);
  }

  /** The newest action of a type on a resource. Needed where the provider does not return the action's id, as for a destroy. */
  async newestActionOn(resourceId: string, type: string): Promise<DropletAction | undefined> {
    return (await this.actions.latest())?.value.find((action) => action.resourceId === resourceId && action.type === type);
  }

  managedDroplets(): Promise<PollResult<ListedDroplets> | undefined> {
    return this.droplets.latest();
  }

  projectMembers(projectUuid: string): Promise<PollResult<ProjectMember[]> | undefined> {
    const { pollMs: everyMs } = this.config.saga;
    const list = () => this.projectCalls.listMembers(projectUuid);
    const poll = this.projects.get(projectUuid) ?? this.polls.define({ name: `members ${projectUuid}`, everyMs, poll: list });
    this.projects.set(projectUuid, poll);
    return poll.latest();
  }

  private async newestActions(): Promise<DropletAction[]> {
    const actions: DropletAction[] = [];
    const pageLimit = await this.pageLimit();
    for (let page = 1; page <= pageLimit; page += 1) {
      const { items, total } = await this.readPage('/v2/actions', 'actions', page, {});
      actions.push(...items.map(parseAction));
      if (page * PER_PAGE >= total) break;
    }
    return actions;
  }

  private async listManagedDroplets(): Promise<ListedDroplets> {
    const droplets: ListedDroplet[] = [];
    const pageLimit = await this.pageLimit();
    for (let page = 1; ; page += 1) {
      const { items, total } = await this.readPage('/v2/droplets', 'droplets', page, { tag_name: MANAGED_TAG });
      if (total > pageLimit * PER_PAGE) return { droplets: [], whole: false };
      for (const { id, status, publicIpv4 } of items.map(parseDroplet)) droplets.push({ id, status, publicIpv4 });
      if (page * PER_PAGE >= total || items.length === 0) return { droplets, whole: true };
    }
  }

  private readPage(
    path: string,
    key: string,
    page: number,
    query: Record<string, string>,
  ): Promise<{ items: readonly unknown[]; total: number }> {
    const parse = (raw: unknown) => {
      const answer = record(raw, 'the answer');
      const items = list(answer, key);
      const meta = optionalRecord(answer.meta, 'meta');
      return { items, total: meta ? wholeNumber(meta, 'total') : items.length };
    };
    return this.provider.get({ purpose, path, query: { ...query, page: String(page), per_page: String(PER_PAGE) }, parse });
  }

  /** ⌈W/200⌉ for W waiting sagas. */
  private async pageLimit(): Promise<number> {
    return Math.max(1, Math.ceil((await this.sagas.countWaitingSteps()) / PER_PAGE));
  }
}
