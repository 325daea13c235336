import type { ProjectRecord } from '../../world/records';

const DAY_MS = 86_400_000;

/** A project with the names it has had. */
export interface PastProject {
  id: string;
  tenant: string | null;
  /** Oldest first; the first one holds from the beginning. */
  names: readonly { fromMs: number; name: string }[];
  /** The project itself has been deleted since. */
  gone: boolean;
}

/** A client who left, project and all: nobody can tell today who it was. */
export const DEPARTED: PastProject = {
  id: '',
  tenant: 'marlowe',
  names: [{ fromMs: -Infinity, name: 'Marlowe & Sons, "Est. 1911"' }],
  gone: true,
};

/** The projects of the account; every fourth client's had another name until some 250 to 350 days ago. */
export function pastProjects(projects: readonly ProjectRecord[], startMs: number): PastProject[] {
  let nth = -1;
  return projects.map(({ id, name, description, is_default }) => {
    const present = { id, tenant: /tenant:(\S+)/.exec(description)?.[1] ?? null, gone: false };
    if (!is_default) nth += 1;
    if (is_default || nth % 4 !== 0) return { ...present, names: [{ fromMs: -Infinity, name }] };
    const renamedMs = startMs - (250 + ((nth * 13) % 100)) * DAY_MS;
    const former = nth % 8 === 0 ? `${name}, old site` : `${name.split(' ')[0] ?? name} (pilot)`;
    const names = [
      { fromMs: -Infinity, name: former },
      { fromMs: renamedMs, name },
    ];
    return { ...present, names };
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
