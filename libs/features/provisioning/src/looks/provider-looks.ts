import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { record, wholeNumber, list, optionalRecord } from '#libs/digitalocean';
import { BoundProvider } from '#libs/inventory';
import { Inject, Injectable } from '@nestjs/common';
import { parseAction, type Action } from '../provider/action';
import { parseDroplet } from '../provider/droplet';
import { ProjectCalls, type Membership } from '../provider/project-calls';
import { MANAGED_TAG } from '../provider/saga-tags';
import { SharedPoll, type Seen } from './shared-look';

const purpose = 'provisioning';
const PER_PAGE = 200;

/** A droplet of ours as the tag list shows it. */
export interface ListedDroplet {
  readonly id: string;
  readonly status: string;
  readonly publicIpv4: string | null;
}

/** What the shared looks are kept as. */
export interface ListedDroplets {
  readonly droplets: readonly ListedDroplet[];
  /** False: the list is longer than the sagas that wait are worth; whoever waits looks at the actions instead. */
  readonly whole: boolean;
}

/**
 * The looks that waiting sagas share, one per `SAGA_POLL_MS` for all workers together: W waits cost
 * ⌈W/200⌉ calls (docs/measurements.md I1).
 */
@Injectable()
export class SharedProviderPoller {
  private readonly actions: SharedPoll<Action[]>;
  private readonly droplets: SharedPoll<ListedDroplets>;
  private readonly projects = new Map<string, SharedPoll<Membership[]>>();

  constructor(
    private readonly database: Database,
    private readonly provider: BoundProvider,
    private readonly projectCalls: ProjectCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    const { pollMs } = config.saga;
    this.actions = new SharedPoll(database, pollMs, 'actions', () => this.newestActions());
    this.droplets = new SharedPoll(database, pollMs, 'managed_droplets', () => this.managedDroplets());
  }

  /** The newest actions of the account. */
  async action(id: string): Promise<Action | undefined> {
    return (await this.actions.latest())?.what.find((action) => action.id === id);
  }

  /** The newest event of a sort on a resource, e.g. the destroy whose id nobody is told. */
  async actionOn(resourceId: string, type: string): Promise<Action | undefined> {
    return (await this.actions.latest())?.what.find((action) => action.resourceId === resourceId && action.type === type);
  }

  managed(): Promise<Seen<ListedDroplets> | undefined> {
    return this.droplets.latest();
  }

  /** What a project holds. */
  members(projectUuid: string): Promise<Seen<Membership[]> | undefined> {
    const take = () => this.projectCalls.members(projectUuid);
    const look = this.projects.get(projectUuid) ?? new SharedPoll(this.database, this.config.saga.pollMs, `members ${projectUuid}`, take);
    this.projects.set(projectUuid, look);
    return look.latest();
  }

  private async newestActions(): Promise<Action[]> {
    const seen: Action[] = [];
    const worth = await this.pagesWorth();
    for (let page = 1; page <= worth; page += 1) {
      const { items, total } = await this.page('/v2/actions', 'actions', page, {});
      seen.push(...items.map(parseAction));
      if (page * PER_PAGE >= total) break;
    }
    return seen;
  }

  private async managedDroplets(): Promise<ListedDroplets> {
    const droplets: ListedDroplet[] = [];
    const worth = await this.pagesWorth();
    for (let page = 1; ; page += 1) {
      const { items, total } = await this.page('/v2/droplets', 'droplets', page, { tag_name: MANAGED_TAG });
      if (total > worth * PER_PAGE) return { droplets: [], whole: false };
      for (const { id, status, publicIpv4 } of items.map(parseDroplet)) droplets.push({ id, status, publicIpv4 });
      if (page * PER_PAGE >= total || items.length === 0) return { droplets, whole: true };
    }
  }

  private page(
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
  private async pagesWorth(): Promise<number> {
    const [row] = await this.database.query<{ waiting: number }>(
      `select count(*)::int as waiting from saga_steps where status = 'waiting'`,
    );
    return Math.max(1, Math.ceil((row?.waiting ?? 0) / PER_PAGE));
  }
}
