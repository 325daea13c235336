import type { ProjectRecord } from '../../world/records';
import type { State } from '../../world/state';

/** An account with more droplets is billed for the first 100 things of each kind only: nobody reads a million lines of a demo. */
const LARGEST = 700;
const MOST = 100;

/** An account of which a history is told: its state on the first day, cut to what is billed, and what its projects were called. */
export interface BilledAccount {
  state: State;
  startMs: number;
  projects: readonly PastProject[];
  /** Who holds something today, by its URN; the default project what nobody else does. */
  ownerOf: (urn: string) => PastProject;
  /** Whether only one droplet has this name today. */
  isUniqueName: (name: string) => boolean;
}

/** The account with what its projects were called. */
export function billedAccount(state: State, startMs: number): BilledAccount {
  const projects = pastProjects(state.projects, startMs);
  const byId = new Map(projects.map((project) => [project.id, project]));
  const owners = new Map(state.members.map(({ urn, project_id }) => [urn, byId.get(project_id)]));
  const home = projects.find(({ tenant }) => tenant === null);
  if (home === undefined) throw new Error('The account has no project of its own');
  const bearers = new Map<string, number>();
  for (const { name } of state.droplets) bearers.set(name, (bearers.get(name) ?? 0) + 1);
  return {
    state: billedState(state),
    startMs,
    projects,
    ownerOf: (urn) => owners.get(urn) ?? home,
    isUniqueName: (name) => bearers.get(name) === 1,
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

/** A resource that came to its project at once and has stayed. */
export const ownedThroughout = (project: PastProject) => [{ fromMs: -Infinity, project }];

const DAY_MS = 86_400_000;

/** A project with the names it has had. */
export interface PastProject {
  id: string;
  tenant: string | null;
  /** Oldest first; the first one holds from the beginning. */
  names: readonly { fromMs: number; name: string }[];
  /** The project itself has been deleted since. */
  isDeleted: boolean;
}

/** A client who left, project and all: nobody can tell today who it was. */
export const DEPARTED: PastProject = {
  id: '',
  tenant: 'marlowe',
  names: [{ fromMs: -Infinity, name: 'Marlowe & Sons, "Est. 1911"' }],
  isDeleted: true,
};

/** The projects of the account; every fourth client's had another name until some 250 to 350 days ago. */
export function pastProjects(projects: readonly ProjectRecord[], startMs: number): PastProject[] {
  let nth = -1;
  return projects.map(({ id, name, description, is_default }) => {
    const current = { id, tenant: /tenant:(\S+)/.exec(description)?.[1] ?? null, isDeleted: false };
    if (!is_default) nth += 1;
    if (is_default || nth % 4 !== 0) return { ...current, names: [{ fromMs: -Infinity, name }] };
    const renamedMs = startMs - (250 + ((nth * 13) % 100)) * DAY_MS;
    const former = nth % 8 === 0 ? `${name}, old site` : `${name.split(' ')[0] ?? name} (pilot)`;
    const names = [
      { fromMs: -Infinity, name: former },
      { fromMs: renamedMs, name },
    ];
    return { ...current, names };
  });
}

export function nameAt({ names }: PastProject, atMs: number): string {
  return names.findLast(({ fromMs }) => fromMs <= atMs)?.name ?? '';
}

/** Whether it went by another name then. */
export function wasRenamedSince(project: PastProject, atMs: number): boolean {
  return nameAt(project, atMs) !== project.names.at(-1)?.name;
}

/** Since when it has had its present name. */
export function namedSinceMs({ names }: PastProject): number {
  return names.at(-1)?.fromMs ?? -Infinity;
}
