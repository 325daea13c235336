import { BoundProvider } from '#libs/accounts';
import { record, text } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { collectPages } from './droplet-calls';

const purpose = 'provisioning';

/** The field of a tracked write that moves a resource: the provider's id of the project. */
export const PROJECT_FIELD = 'project';

/** One member in the provider's list of a project. */
export interface ProjectMember {
  readonly urn: string;
  /** `ok` once the assignment has taken effect; `not_found` for a stale member (docs/digitalocean-facts.md 3.2). */
  readonly status: string;
}

const parseMember = (raw: unknown): ProjectMember => {
  const member = record(raw, 'resource');
  return { urn: text(member, 'urn').toLowerCase(), status: text(member, 'status') };
};

/** The calls about members of projects that sagas make. */
@Injectable()
export class ProjectCalls {
  constructor(private readonly provider: BoundProvider) {}

  /** Moves resources into a project. Idempotent. */
  assignResources(projectUuid: string, urns: readonly string[], signal: AbortSignal): Promise<void> {
    const path = `/v2/projects/${projectUuid}/resources`;
    return this.provider.send({ purpose, method: 'POST', path, body: { resources: urns }, signal });
  }

  listMembers(projectUuid: string): Promise<ProjectMember[]> {
    const path = `/v2/projects/${projectUuid}/resources`;
    return collectPages(this.provider.list({ purpose, path, key: 'resources', parse: parseMember, idOf: ({ urn }) => urn }));
  }
}
