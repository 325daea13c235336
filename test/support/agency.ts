import type { ResourceView } from '#libs/inventory';
import { newWorld, type World } from './inventory-world';

export const DEFAULT = '00000000-0000-4000-8000-00000000000d';
export const ACME = '00000000-0000-4000-8000-00000000000a';
export const BIRD = '00000000-0000-4000-8000-00000000000b';

/** One entry in a project's list of resources. */
export interface Line {
  readonly project: string;
  readonly urn: string;
  readonly at?: string;
  readonly status?: string;
}

/** An agency's account: a default project, one project for each of two tenants, and ten droplets. */
export class Agency {
  private constructor(readonly world: World) {}

  /** Opens an account with the given project members, swept once. */
  static async open(lines: readonly Line[], settings: Record<string, string> = {}): Promise<Agency> {
    const agency = new Agency(await newWorld(settings));
    await agency.world.simulator.change({
      projects: [project(DEFAULT, 'first-project', ''), project(ACME, 'Acme', 'tenant:acme'), project(BIRD, 'Bird', 'shop, tenant:bird')],
      members: [],
    });
    await agency.world.simulator.setDroplets(Array.from({ length: 10 }, (_, i) => ({ id: 100 + i, name: `web-${i}` })));
    await agency.membership(lines);
    await agency.world.sweep('droplet');
    const { status } = await agency.world.sweep('project');
    if (status !== 'complete') throw new Error(`the first sweep of the projects ended ${status}`);
    return agency;
  }

  async membership(lines: readonly Line[]): Promise<void> {
    const members = lines.map(({ project, urn, at, status }) => ({
      project_id: project,
      urn,
      assigned_at: at ?? '2026-01-01T00:00:00Z',
      status: status ?? 'ok',
    }));
    await this.world.simulator.change({ members });
  }

  async resource(kind: string, providerId: string): Promise<ResourceView | undefined> {
    const { data } = await this.world.inventory.list({ kind: 'platform' }, { kind }, { limit: 200 });
    return data.find((row) => row.provider_id === providerId);
  }
}

export const droplets = (project: string, ...ids: number[]): Line[] => ids.map((id) => ({ project, urn: `do:droplet:${id}` }));

function project(id: string, name: string, description: string) {
  return {
    id,
    name,
    description,
    purpose: 'Web Application',
    environment: 'Production',
    is_default: id === DEFAULT,
    created_at: '2025-01-01T00:00:00Z',
    updated_at: '2025-01-01T00:00:00Z',
  };
}
