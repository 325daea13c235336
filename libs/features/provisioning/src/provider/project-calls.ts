import { record, text } from '#libs/digitalocean';
import { BoundProvider } from '#libs/inventory';
import { Injectable } from '@nestjs/common';
import { all } from './droplet-calls';

const purpose = 'provisioning';

/** One member as the provider lists it. */
export interface Membership {
  readonly urn: string;
  /** `ok` once it has settled; `not_found` for a stale one (docs/digitalocean-facts.md 3.2). */
  readonly status: string;
}

const parseMember = (raw: unknown): Membership => {
  const member = record(raw, 'resource');
  return { urn: text(member, 'urn').toLowerCase(), status: text(member, 'status') };
};

/** The calls about membership of projects that sagas make. */
@Injectable()
export class ProjectCalls {
  constructor(private readonly provider: BoundProvider) {}

  /** Moves things into a project. Doing it twice changes nothing. */
  assign(projectUuid: string, urns: readonly string[], signal: AbortSignal): Promise<void> {
    const path = `/v2/projects/${projectUuid}/resources`;
    return this.provider.send({ purpose, method: 'POST', path, body: { resources: urns }, signal });
  }

  members(projectUuid: string): Promise<Membership[]> {
    const path = `/v2/projects/${projectUuid}/resources`;
    return all(this.provider.list({ purpose, path, key: 'resources', parse: parseMember, idOf: ({ urn }) => urn }));
  }
}
