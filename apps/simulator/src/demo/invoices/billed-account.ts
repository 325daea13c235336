import type { ProjectRecord } from '../../world/records';
import type { State } from '../../world/state';
import { type InvoiceItem, type LineTruth, moneyText } from '../../world/billing-records';
import { apiTime } from '../../world/world';
import { OFFERED_SIZES } from '../demo-offers';

/** An account with more droplets is billed for its first 100 resources of each kind only: a demo needs no million lines. */
const LARGEST = 700;
const MOST = 100;

/** The account that invoices are generated for: its state on the first day, cut to the billed resources, and the names of its projects. */
export interface BilledAccount {
  state: State;
  startMs: number;
  projects: readonly PastProject[];
  /** The current project of a resource by its URN; the default project for a resource without membership. */
  ownerOf: (urn: string) => PastProject;
  /** Whether exactly one droplet has this name at present. */
  isUniqueName: (name: string) => boolean;
}

/** Prepares a state for billing. */
export function billedAccount(state: State, startMs: number): BilledAccount {
  const projects = pastProjects(state.projects, startMs);
  const byId = new Map(projects.map((project) => [project.id, project]));
  const owners = new Map(state.members.map(({ urn, project_id }) => [urn, byId.get(project_id)]));
  const home = projects.find(({ tenant }) => tenant === null);
  if (home === undefined) throw new Error('The account has no project of its own');
  const nameCounts = new Map<string, number>();
  for (const { name } of state.droplets) nameCounts.set(name, (nameCounts.get(name) ?? 0) + 1);
  return {
    state: billedState(state),
    startMs,
    projects,
    ownerOf: (urn) => owners.get(urn) ?? home,
    isUniqueName: (name) => nameCounts.get(name) === 1,
  };
}

function billedState(state: State): State {
  if (state.droplets.length <= LARGEST) return state;
  const { droplets, volumes, volume_snapshots, load_balancers, floating_ips } = state;
  return {
    ...state,
    droplets: droplets.slice(0, MOST),
    volumes: volumes.slice(0, MOST),
    volume_snapshots: volume_snapshots.slice(0, MOST),
    load_balancers: load_balancers.slice(0, MOST),
    floating_ips: floating_ips.slice(0, MOST),
    members: state.members.filter(({ urn }) => !urn.startsWith('do:droplet:')).slice(0, 20 * MOST),
  };
}

/** The owners of a resource that has been in one project all the time. */
export const ownedThroughout = (project: PastProject) => [{ fromMs: -Infinity, project }];

const DAY_MS = 86_400_000;

/** A project with its current and previous names. */
export interface PastProject {
  id: string;
  tenant: string | null;
  /** Oldest first; the first name is valid from the beginning. */
  names: readonly { fromMs: number; name: string }[];
  /** Whether the project has been deleted since. */
  isDeleted: boolean;
}

/** A client that left, with a deleted project: the account has no trace of the client. */
export const DEPARTED: PastProject = {
  id: '',
  tenant: 'marlowe',
  names: [{ fromMs: -Infinity, name: 'Marlowe & Sons, "Est. 1911"' }],
  isDeleted: true,
};

/** The projects of the account. Every fourth client's project was renamed 250 to 350 days ago. */
function pastProjects(projects: readonly ProjectRecord[], startMs: number): PastProject[] {
  let nth = -1;
  return projects.map(({ id, name, description, is_default }) => {
    const current = { id, tenant: /tenant:(\S+)/.exec(description)?.[1] ?? null, isDeleted: false };
    if (!is_default) nth += 1;
    if (is_default || nth % 4 !== 0) return { ...current, names: [{ fromMs: -Infinity, name }] };
    const renamedMs = startMs - (250 + ((nth * 13) % 100)) * DAY_MS;
    const previous = nth % 8 === 0 ? `${name}, old site` : `${name.split(' ')[0] ?? name} (pilot)`;
    const names = [
      { fromMs: -Infinity, name: previous },
      { fromMs: renamedMs, name },
    ];
    return { ...current, names };
  });
}

export function nameAt({ names }: PastProject, atMs: number): string {
  return names.findLast(({ fromMs }) => fromMs <= atMs)?.name ?? '';
}

/** Whether the project had another name at that time. */
export function wasRenamedSince(project: PastProject, atMs: number): boolean {
  return nameAt(project, atMs) !== project.names.at(-1)?.name;
}

/** The time since which the project has had its current name. */
export function namedSinceMs({ names }: PastProject): number {
  return names.at(-1)?.fromMs ?? -Infinity;
}

const HOUR_MS = 3_600_000;

/** A billed month; `endMs` is exclusive. The current month ends now. */
export interface Month {
  period: string;
  startMs: number;
  endMs: number;
}

/** The interval in which one resource was billed, with its names, its prices and its owners. */
export interface UsageInterval {
  kind: string;
  product: string;
  group?: string;
  ids: { resource_id?: string; resource_uuid?: string };
  providerId: string | null;
  /** Whether the account still has the resource. */
  exists: boolean;
  fromMs: number;
  /** Infinity: the use continues. */
  toMs: number;
  owners: readonly { fromMs: number; project: PastProject }[];
  /** Consecutive parts; a resize begins a new one. */
  parts: readonly { fromMs: number; description: string; monthlyCents: number }[];
  /** Set when backups of a droplet are billed: each costs 5 % (weekly) or 1 % (daily) of the droplet's price. */
  backups?: 'weekly' | 'daily';
}

const PLANS = { weekly: { everyMs: 7 * DAY_MS, percent: 5, most: 4 }, daily: { everyMs: DAY_MS, percent: 1, most: 30 } };

/** The lines of an interval in a month: one for each part that overlaps it. */
export function linesOf(interval: UsageInterval, month: Month): InvoiceItem[] {
  return interval.parts.flatMap((part, nth) => {
    const fromMs = Math.max(part.fromMs, interval.fromMs, month.startMs);
    const toMs = Math.min(interval.parts[nth + 1]?.fromMs ?? Infinity, interval.toMs, month.endMs);
    if (toMs <= fromMs) return [];
    if (interval.backups !== undefined) return backupLines(interval, part, fromMs, toMs);
    const cents = usageCents(part.monthlyCents, fromMs, toMs);
    return [lineOf(interval, part.description, fromMs, toMs, Math.floor((toMs - fromMs) / HOUR_MS), cents)];
  });
}

/** One line for all backups of the time, from the first to the last; `hours` is the number of backups. */
function backupLines(interval: UsageInterval, part: UsageInterval['parts'][number], fromMs: number, toMs: number): InvoiceItem[] {
  const { everyMs, percent, most } = PLANS[interval.backups ?? 'weekly'];
  const before = Math.max(0, Math.floor((fromMs - 1 - interval.fromMs) / everyMs));
  const count = Math.floor((toMs - 1 - interval.fromMs) / everyMs) - before;
  if (count < 1) return [];
  const firstMs = interval.fromMs + (before + 1) * everyMs;
  const cents = shareOf(part.monthlyCents, percent * Math.min(count, most), 100);
  return [lineOf(interval, part.description, firstMs, firstMs + (count - 1) * everyMs, count, Math.max(1, cents))];
}

/** Kinds that invoices count as platform services. */
const PAAS: ReadonlySet<string> = new Set(['k8s_cluster', 'managed_db', 'app']);

function lineOf(interval: UsageInterval, description: string, fromMs: number, toMs: number, hours: number, cents: number): InvoiceItem {
  const lastMs = Math.max(fromMs, toMs - 1);
  const project = interval.owners.findLast((owner) => owner.fromMs <= lastMs)?.project;
  return {
    product: interval.product,
    resource_id: interval.ids.resource_id ?? null,
    resource_uuid: interval.ids.resource_uuid ?? null,
    group_description: interval.group ?? '',
    description,
    hours: String(hours),
    start_time: apiTime(fromMs),
    end_time: apiTime(toMs),
    amount: moneyText(cents),
    project_name: project === undefined ? '' : nameAt(project, lastMs),
    category: PAAS.has(interval.kind) ? 'paas' : 'iaas',
    truth: truthOf(interval, project, lastMs),
  };
}

function truthOf({ kind, providerId, exists }: UsageInterval, project: PastProject | undefined, atMs: number): LineTruth {
  const byOldName = !exists && project !== undefined && !project.isDeleted && wasRenamedSince(project, atMs);
  return {
    kind,
    provider_id: providerId,
    tenant: project?.tenant ?? null,
    decidable: exists || (project !== undefined && !project.isDeleted && !byOldName),
    exists,
    project_id: project?.id ?? null,
    ...(byOldName && { by_old_name: true }),
  };
}

const HOUR_S = 3600;
/** The monthly price is reached after 28 days. */
const CAP_S = 672 * HOUR_S;
/** From this time on seconds are billed, at least a minute; before it, started hours. */
const PER_SECOND_SINCE_MS = Date.UTC(2026, 0, 1);

export const SNAPSHOT_CENTS_PER_GB = 6;
export const VOLUME_CENTS_PER_GIB = 10;
export const BALANCER_CENTS = 1_200;
export const UNUSED_IP_CENTS = 500;
export const SPACES_CENTS = 500;

/** The monthly price of a size, in cents. */
export function sizeCents(slug: string): number {
  return Math.round((OFFERED_SIZES.find((size) => size.slug === slug)?.price_monthly ?? 0) * 100);
}

/** The cost of a period at a monthly price, in whole cents and at least one. */
export function usageCents(monthlyCents: number, fromMs: number, toMs: number): number {
  const seconds = Math.ceil((toMs - fromMs) / 1000);
  const billed = fromMs < PER_SECOND_SINCE_MS ? Math.ceil(seconds / HOUR_S) * HOUR_S : Math.max(60, seconds);
  return Math.max(1, shareOf(monthlyCents, Math.min(billed, CAP_S), CAP_S));
}

/** `cents × part ÷ whole` in integers. Half a cent is rounded away from zero. */
export function shareOf(cents: number, part: number, whole: number): number {
  if (cents < 0) return -shareOf(-cents, part, whole);
  const doubled = 2 * cents * part + whole;
  return (doubled - (doubled % (2 * whole))) / (2 * whole);
}
