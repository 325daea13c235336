import type { SeededRandom } from '../../world/random';
import { FIRST_IDS } from '../../world/state';
import { type BilledAccount, namedSinceMs, type PastProject, sizeCents, type UsageInterval, VOLUME_CENTS_PER_GIB } from './billed-account';
import { backupsOf, snapshotCents, snapshotText } from './current-usage';

const DAY_MS = 86_400_000;
const SIZES = ['s-1vcpu-1gb', 's-1vcpu-2gb', 's-2vcpu-2gb', 's-2vcpu-4gb'];
/** Droplet names that resemble tax lines. */
const TAXING = ['taxi-01', 'tax-app', 'vat-calculator'];

/** Generates the usage intervals of deleted resources. */
export class PastUsage {
  private lastId = FIRST_IDS.droplet - 9_000_000;

  constructor(
    private readonly account: BilledAccount,
    private readonly random: SeededRandom,
  ) {}

  /**
   * For every client: a predecessor with the name of a current droplet, a droplet with the name of another client's droplet, and other
   * deleted resources.
   */
  listIntervals(): UsageInterval[] {
    const clients = this.account.projects.filter(({ tenant }) => tenant !== null);
    return clients.flatMap((project, nth) => {
      const mine = this.oldestDroplet(project);
      const next = this.oldestDroplet(clients[(nth + 1) % clients.length] ?? project);
      return [
        ...(mine === undefined ? [] : this.predecessor(project, mine.name, mine.fromMs, nth % 2 === 0)),
        ...(next === undefined || next.fromMs > this.daysAgo(60)
          ? []
          : this.droplet(project, next.name, this.daysAgo(55), this.daysAgo(20))),
        ...this.deletedResources(project, nth),
      ];
    });
  }

  /** A droplet of less than an hour: its line has a cost and 0 hours. */
  shortRun(project: PastProject, name: string, atMs: number, size = 's-1vcpu-1gb'): UsageInterval[] {
    return this.droplet(project, name, atMs, atMs + this.random.integer(5 * 60, 55 * 60) * 1000, size, true);
  }

  /** A deleted droplet. Unless `always` is set, it is cut to the time since its project has had its current name. */
  private droplet(
    project: PastProject,
    name: string,
    from: number,
    toMs: number,
    size = this.random.pick(SIZES),
    always = false,
  ): UsageInterval[] {
    const fromMs = always ? from : Math.max(from, namedSinceMs(project));
    if (fromMs >= toMs) return [];
    this.lastId += this.random.integer(1, 997);
    const id = String(this.lastId);
    const parts = [{ fromMs, description: `${name} (${size})`, monthlyCents: sizeCents(size) }];
    const owners = [{ fromMs: -Infinity, project }];
    const interval = {
      kind: 'droplet',
      product: 'Droplets',
      ids: { resource_id: id },
      providerId: id,
      exists: false,
      fromMs,
      toMs,
      owners,
    };
    return [{ ...interval, parts }];
  }

  /** The previous droplet of a name, deleted some days before the current one was created. */
  private predecessor(project: PastProject, name: string, untilMs: number, hasBackups: boolean): UsageInterval[] {
    const toMs = untilMs - this.seconds(2, 12);
    const intervals = this.droplet(project, name, toMs - this.seconds(60, 300), toMs);
    return intervals.flatMap((interval) => (hasBackups ? [interval, backupsOf(interval, name, 'weekly', true)] : [interval]));
  }

  private deletedResources(project: PastProject, nth: number): UsageInterval[] {
    const name = project.tenant ?? '';
    const fromMs = this.daysAgo(700) + this.seconds(0, 500);
    const toMs = fromMs + this.seconds(20, 160);
    const old = this.droplet(project, `${name}-old-01`, fromMs, toMs);
    const twins = nth % 5 === 1 ? [1, 2].flatMap(() => this.droplet(project, `${name}-batch`, fromMs, toMs, 's-1vcpu-1gb')) : [];
    const taxing = nth % 4 === 1 ? this.droplet(project, TAXING[nth % TAXING.length] ?? '', fromMs, toMs, 's-1vcpu-2gb') : [];
    return [...old, ...twins, ...taxing, ...this.leftovers(project, name, toMs, nth)];
  }

  /** A snapshot that outlived its droplet, and a volume with the name of a droplet. */
  private leftovers(project: PastProject, name: string, fromMs: number, nth: number): UsageInterval[] {
    const region = 'fra1';
    const sizeGb = this.random.integer(120, 900) / 100;
    const base = { ids: {}, exists: false, fromMs: Math.max(fromMs, namedSinceMs(project)), owners: [{ fromMs: -Infinity, project }] };
    const part = (description: string, monthlyCents: number) => ({ parts: [{ fromMs: base.fromMs, description, monthlyCents }] });
    const title = nth % 3 === 0 ? `${name} before upgrade (v2), "final"` : `${name}-old-01-${fromMs}`;
    const snapshot = part(snapshotText(title, region, sizeGb, 'Droplet'), snapshotCents(sizeGb));
    const volume = part(`${name}-old-01 (${region}) 20GB`, 20 * VOLUME_CENTS_PER_GIB);
    this.lastId += 1;
    const intervals: UsageInterval[] = [
      {
        ...base,
        ...snapshot,
        kind: 'snapshot',
        product: 'Droplet Snapshots',
        providerId: String(this.lastId),
        toMs: fromMs + this.seconds(90, 400),
      },
      { ...base, ...volume, kind: 'volume', product: 'Volumes', providerId: this.random.uuid(), toMs: fromMs + this.seconds(30, 200) },
    ];
    return intervals.filter((interval) => interval.toMs > interval.fromMs);
  }

  private oldestDroplet(project: PastProject): { name: string; fromMs: number } | undefined {
    const droplet = this.account.state.droplets.find(({ id }) => this.account.ownerOf(`do:droplet:${id}`) === project);
    return droplet && { name: droplet.name, fromMs: Date.parse(droplet.created_at) };
  }

  private daysAgo(days: number): number {
    return this.account.startMs - days * DAY_MS;
  }

  /** A random time between two numbers of days, in ms of whole seconds. */
  private seconds(leastDays: number, mostDays: number): number {
    return this.random.integer(leastDays * 86_400, mostDays * 86_400) * 1000;
  }
}
