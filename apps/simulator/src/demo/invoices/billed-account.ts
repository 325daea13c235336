import type { ProjectRecord } from '../../world/records';
import type { State } from '../../world/state';

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
