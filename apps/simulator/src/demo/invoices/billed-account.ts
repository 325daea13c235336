import type { State } from '../../world/state';
import { pastProjects, type PastProject } from './past-project';

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
  isAlone: (name: string) => boolean;
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
    isAlone: (name) => bearers.get(name) === 1,
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
export const settled = (project: PastProject) => [{ fromMs: -Infinity, project }];
