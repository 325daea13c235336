import { BoundProvider } from '#libs/accounts';
import { NotFoundAtProviderError, record, text, wholeNumber } from '#libs/digitalocean';
import { UUID_PATTERN } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { collectPages } from './droplet-calls';

const purpose = 'provisioning';

/** The tag on every droplet that we create, so that one list contains them all. */
export const MANAGED_TAG = 'managed-by-arcadia-cloud';
const SAGA_PREFIX = 'arcadia-saga-';
/** The tags that only this service sets, in lower case: `managed` is a whole tag, `sagaPrefix` the beginning of one. */
export const OWN_TAGS = { managed: MANAGED_TAG, sagaPrefix: SAGA_PREFIX } as const;
const SAGA_TAG = new RegExp(`^${SAGA_PREFIX}(${UUID_PATTERN})$`);
const SNAPSHOT_NAME = new RegExp(`^arcadia-snap-\\d+-(${UUID_PATTERN})$`);

/** Names the saga that created a resource by its full id, because a shortened id does not identify a saga. [SAG-7] */
export const sagaTag = (sagaId: string): string => `${SAGA_PREFIX}${sagaId}`;

/** The id in a saga tag; undefined for any other tag. */
export const sagaIdFromTag = (tag: string): string | undefined => SAGA_TAG.exec(tag)?.[1];

/** Whether only this service may set a tag. */
export const isReservedTag = (tag: string): boolean => tag.toLowerCase().startsWith(SAGA_PREFIX) || tag.toLowerCase() === MANAGED_TAG;

/** A new snapshot carries no tag, so its name contains the id of the saga that took it. */
export const snapshotName = (dropletId: string, sagaId: string): string => `arcadia-snap-${dropletId}-${sagaId}`;

/** The saga id in the name of one of our snapshots; undefined for any other name. */
export const sagaIdFromSnapshotName = (name: string): string | undefined => SNAPSHOT_NAME.exec(name)?.[1];

/** A new firewall has this name until its saga gives it its own one, because no tag of a firewall is a mark. */
export const firewallName = (sagaId: string): string => sagaTag(sagaId);

/** The saga id in the name of a firewall that its saga has not named yet. */
export const sagaIdFromFirewallName = (name: string): string | undefined => sagaIdFromTag(name);

/**
 * How far the provider's clock and the database's may differ. The provider writes creation times in whole seconds, and both sides keep
 * network time, which is rarely off by more than a second. Five minutes is far above that and far below the age of resources that people
 * made.
 */
export const CLOCK_SLACK_MS = 300_000;

/**
 * Whether a resource was certainly not created before its saga was accepted. Pure. A resource without a readable creation time is not
 * proven to be the saga's, because people copy tags and names. [SAG-6]
 */
export function isCreatedSince(createdAt: string | null, sagaCreatedAtMs: number): boolean {
  return createdAt !== null && Date.parse(createdAt) >= sagaCreatedAtMs - CLOCK_SLACK_MS;
}

/** A tag object and the number of resources that carry it. */
export interface Tag {
  readonly name: string;
  readonly count: number;
}

const parseTag = (raw: unknown): Tag => {
  const tag = record(raw, 'tag');
  return { name: text(tag, 'name'), count: wholeNumber(record(tag.resources, 'resources'), 'count') };
};

/** The calls about tag objects, which outlive the droplets that carried them (docs/digitalocean-facts.md 8.4). */
@Injectable()
export class TagCalls {
  constructor(private readonly provider: BoundProvider) {}

  list(): Promise<Tag[]> {
    return collectPages(this.provider.list({ purpose, path: '/v2/tags', key: 'tags', parse: parseTag, idOf: ({ name }) => name }));
  }

  /** Whether a tag object of that name exists, with or without resources. */
  async exists(name: string): Promise<boolean> {
    try {
      await this.provider.get({ purpose, path: `/v2/tags/${encodeURIComponent(name)}`, parse: () => true });
      return true;
    } catch (error) {
      if (error instanceof NotFoundAtProviderError) return false;
      throw error;
    }
  }

  /** Creates the tag object. Idempotent. */
  async create(name: string): Promise<void> {
    await this.provider.send({ purpose, method: 'POST', path: '/v2/tags', body: { name } });
  }

  /** Adds a tag to a droplet, and creates the tag object where it does not exist yet. Idempotent. */
  async addToDroplet(name: string, dropletId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.sendDroplet('POST', name, dropletId, signal);
    } catch (error) {
      if (!(error instanceof NotFoundAtProviderError)) throw error;
      await this.provider.send({ purpose, method: 'POST', path: '/v2/tags', body: { name }, signal });
      await this.sendDroplet('POST', name, dropletId, signal);
    }
  }

  /** Removes a tag from a droplet. Idempotent. */
  async removeFromDroplet(name: string, dropletId: string, signal: AbortSignal): Promise<void> {
    await this.sendDroplet('DELETE', name, dropletId, signal);
  }

  private sendDroplet(method: 'POST' | 'DELETE', name: string, dropletId: string, signal: AbortSignal): Promise<void> {
    const body = { resources: [{ resource_id: dropletId, resource_type: 'droplet' }] };
    return this.provider.send({ purpose, method, path: `/v2/tags/${encodeURIComponent(name)}/resources`, body, signal });
  }

  /** Deletes the tag object, and with it the tag of every resource that carries it. A missing object counts as deleted. */
  async delete(name: string): Promise<void> {
    try {
      await this.provider.send({ purpose, method: 'DELETE', path: `/v2/tags/${encodeURIComponent(name)}` });
    } catch (error) {
      if (!(error instanceof NotFoundAtProviderError)) throw error;
    }
  }
}
