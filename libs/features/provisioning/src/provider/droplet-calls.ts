import { BoundProvider } from '#libs/accounts';
import {
  idText,
  idTexts,
  NotFoundAtProviderError,
  optionalIdText,
  optionalList,
  optionalRecord,
  optionalText,
  optionalWholeNumber,
  record,
  text,
  texts,
  type ListPage,
} from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';

const purpose = 'provisioning';

/** The fields of a droplet that our steps read. */
export interface Droplet {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  readonly sizeSlug: string | null;
  /** Null for an image without a slug. */
  readonly imageSlug: string | null;
  readonly diskGb: number;
  readonly publicIpv4: string | null;
  readonly tags: readonly string[];
  /** E.g. `backups`, `ipv6`. */
  readonly features: readonly string[];
  /** Ids of the images that are backups of the droplet. */
  readonly backupIds: readonly string[];
  readonly createdAt: string | null;
  /** The unparsed droplet, which the inventory records. */
  readonly raw: unknown;
}

/**
 * The fields of an action that our steps read. The `status` decides whether an action has ended, never `completed_at`, which may stay
 * null (docs/digitalocean-facts.md 1.7).
 */
export interface DropletAction {
  readonly id: string;
  readonly type: string;
  readonly status: 'in-progress' | 'completed' | 'errored';
  readonly resourceId: string | null;
}

/** The body of `POST /v2/droplets`, with the fields that we use. */
export interface DropletOrder {
  readonly name: string;
  readonly size: string;
  readonly region: string;
  readonly image: string | number;
  readonly tags: readonly string[];
  readonly ssh_keys?: readonly (string | number)[];
  readonly backups?: boolean;
  readonly vpc_uuid?: string;
  readonly user_data?: string;
}

/** The calls about droplets that sagas make. Each is one request to the provider, except the lists. */
@Injectable()
export class DropletCalls {
  constructor(private readonly provider: BoundProvider) {}

  /** Returns the id of the accepted droplet, which may be missing from every read for a while (docs/digitalocean-facts.md 1.1, 1.2). */
  create(order: DropletOrder, signal: AbortSignal): Promise<{ id: string; actionId: string | null }> {
    const parse = (raw: unknown) => {
      const answer = record(raw, 'the answer');
      const links = record(answer.links ?? {}, 'links').actions;
      const action = Array.isArray(links) ? links.map((one) => record(one, 'actions')).find((one) => one.rel === 'create') : undefined;
      return { id: idText(record(answer.droplet, 'droplet'), 'id'), actionId: action ? idText(action, 'id') : null };
    };
    return this.provider.send({ purpose, method: 'POST', path: '/v2/droplets', body: order, parse, signal });
  }

  /** Undefined when the provider returns 404. */
  async get(id: string, signal: AbortSignal): Promise<Droplet | undefined> {
    return missingAsUndefined(this.provider.get({ purpose, path: `/v2/droplets/${id}`, key: 'droplet', parse: parseDroplet, signal }));
  }

  destroy(id: string, signal: AbortSignal): Promise<void> {
    return this.provider.send({ purpose, method: 'DELETE', path: `/v2/droplets/${id}`, signal });
  }

  startAction(id: string, action: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<DropletAction> {
    const path = `/v2/droplets/${id}/actions`;
    return this.provider.send({ purpose, method: 'POST', path, body: action, key: 'action', parse: parseAction, signal });
  }

  /** Undefined when the provider returns 404, as it may for an action that it has just returned (docs/digitalocean-facts.md 1.7). */
  async getAction(actionId: string, signal: AbortSignal): Promise<DropletAction | undefined> {
    return missingAsUndefined(this.provider.get({ purpose, path: `/v2/actions/${actionId}`, key: 'action', parse: parseAction, signal }));
  }

  /** Lists the droplets with a tag. The provider's index lags, so an empty list proves nothing within the lag bound. */
  async listByTag(tag: string, signal: AbortSignal): Promise<Droplet[]> {
    return this.list({ tag_name: tag }, signal);
  }

  /** Lists the GPU machines with a tag. No list by tag contains them, so this reads all GPU machines (docs/digitalocean-facts.md 1.11). */
  async listGpusByTag(tag: string, signal: AbortSignal): Promise<Droplet[]> {
    return (await this.list({ type: 'gpus' }, signal)).filter(({ tags }) => tags.includes(tag));
  }

  /** Lists the newest page of a droplet's actions. A droplet runs one action at a time, so a running one is on that page. */
  async listNewestActions(id: string, signal: AbortSignal): Promise<DropletAction[]> {
    const path = `/v2/droplets/${id}/actions`;
    return this.provider.get({ purpose, path, query: { per_page: '200' }, parse: parseActions, signal });
  }

  /** Whether an action of the droplet is in progress, so that the provider refuses any other one (docs/digitalocean-facts.md 1.5). */
  async isBusy(id: string, signal: AbortSignal): Promise<boolean> {
    return (await this.listNewestActions(id, signal)).some(({ status }) => status === 'in-progress');
  }

  private list(query: Record<string, string>, signal: AbortSignal): Promise<Droplet[]> {
    const idOf = ({ id }: Droplet) => id;
    return collectPages(this.provider.list({ purpose, path: '/v2/droplets', query, key: 'droplets', parse: parseDroplet, idOf, signal }));
  }
}

export function parseDroplet(raw: unknown): Droplet {
  const droplet = record(raw, 'droplet');
  const networks = optionalList(optionalRecord(droplet.networks, 'networks') ?? {}, 'v4').map((one) => record(one, 'v4'));
  const publicNetwork = networks.find((network) => network.type === 'public');
  return {
    id: idText(droplet, 'id'),
    name: optionalText(droplet, 'name'),
    status: text(droplet, 'status'),
    sizeSlug: optionalText(droplet, 'size_slug'),
    imageSlug: optionalText(optionalRecord(droplet.image, 'image') ?? {}, 'slug'),
    diskGb: optionalWholeNumber(droplet, 'disk') ?? 0,
    publicIpv4: publicNetwork ? text(publicNetwork, 'ip_address') : null,
    tags: texts(droplet, 'tags'),
    features: texts(droplet, 'features'),
    backupIds: idTexts(droplet, 'backup_ids'),
    createdAt: optionalText(droplet, 'created_at'),
    raw,
  };
}

/**
 * The settings of a droplet that sagas change, by field. `power` is undefined while the droplet is neither on nor off. A tag is the field
 * `tag:<name>` in lower case, because the provider ignores the case of tags.
 */
export function dropletValues({ name, status, sizeSlug, features, tags }: Droplet): Readonly<Record<string, unknown>> {
  const power = status === 'active' ? 'on' : status === 'off' ? 'off' : undefined;
  const tagged = tags.map((tag) => [tagField(tag), true] as const);
  return { power, name, size_slug: sizeSlug, backups: features.includes('backups'), ...Object.fromEntries(tagged) };
}

export const tagField = (tag: string): string => `tag:${tag.toLowerCase()}`;

export function parseAction(raw: unknown): DropletAction {
  const action = record(raw, 'action');
  const status = text(action, 'status');
  return {
    id: idText(action, 'id'),
    type: text(action, 'type'),
    status: status === 'completed' || status === 'errored' ? status : 'in-progress',
    resourceId: optionalIdText(action, 'resource_id'),
  };
}

/** The actions of one page. */
export function parseActions(raw: unknown): DropletAction[] {
  const { actions } = record(raw, 'the answer');
  return (Array.isArray(actions) ? (actions as readonly unknown[]) : []).map(parseAction);
}

/** Undefined when the provider returns 404. */
export async function missingAsUndefined<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof NotFoundAtProviderError) return undefined;
    throw error;
  }
}

/** Reads a list to its end. */
export async function collectPages<T>(pages: AsyncIterable<ListPage<T>>): Promise<T[]> {
  const found: T[] = [];
  for await (const { items } of pages) found.push(...items);
  return found;
}

/** Recognises the sizes of GPU machines by their slug. */
export const isGpuSize = (sizeSlug: string): boolean => sizeSlug.startsWith('gpu-');
