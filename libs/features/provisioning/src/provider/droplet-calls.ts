import { idText, NotFoundAtProviderError, record, type ListPage } from '#libs/digitalocean';
import { BoundProvider } from '#libs/inventory';
import { Injectable } from '@nestjs/common';
import { parseAction, type Action } from './action';
import { parseDroplet, type Droplet } from './droplet';

const purpose = 'provisioning';

/** The body of `POST /v2/droplets`, as far as we fill it. */
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

  /** Answers what was accepted: it may be missing from every read for a while (docs/digitalocean-facts.md 1.1, 1.2). */
  create(order: DropletOrder, signal: AbortSignal): Promise<{ id: string; actionId: string | null }> {
    const parse = (raw: unknown) => {
      const answer = record(raw, 'the answer');
      const links = record(answer.links ?? {}, 'links').actions;
      const action = Array.isArray(links) ? links.map((one) => record(one, 'actions')).find((one) => one.rel === 'create') : undefined;
      return { id: idText(record(answer.droplet, 'droplet'), 'id'), actionId: action ? idText(action, 'id') : null };
    };
    return this.provider.send({ purpose, method: 'POST', path: '/v2/droplets', body: order, parse, signal });
  }

  /** Undefined when the provider answers 404. */
  async get(id: string, signal: AbortSignal): Promise<Droplet | undefined> {
    return orUndefined(this.provider.get({ purpose, path: `/v2/droplets/${id}`, key: 'droplet', parse: parseDroplet, signal }));
  }

  destroy(id: string, signal: AbortSignal): Promise<void> {
    return this.provider.send({ purpose, method: 'DELETE', path: `/v2/droplets/${id}`, signal });
  }

  act(id: string, action: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Action> {
    const path = `/v2/droplets/${id}/actions`;
    return this.provider.send({ purpose, method: 'POST', path, body: action, key: 'action', parse: parseAction, signal });
  }

  /** Undefined when the provider answers 404, as it may for an action just returned (docs/digitalocean-facts.md 1.7). */
  async action(actionId: string, signal: AbortSignal): Promise<Action | undefined> {
    return orUndefined(this.provider.get({ purpose, path: `/v2/actions/${actionId}`, key: 'action', parse: parseAction, signal }));
  }

  /** The droplets that carry a tag now and whose index entry has come through: an empty answer proves nothing within the lag bound. */
  async tagged(tag: string, signal: AbortSignal): Promise<Droplet[]> {
    const query = { tag_name: tag };
    return all(
      this.provider.list({ purpose, path: '/v2/droplets', query, key: 'droplets', parse: parseDroplet, idOf: ({ id }) => id, signal }),
    );
  }

  /** GPU machines that carry a tag: no list by tag shows them, so theirs is read whole (docs/digitalocean-facts.md 1.11). */
  async taggedGpus(tag: string, signal: AbortSignal): Promise<Droplet[]> {
    const query = { type: 'gpus' };
    const pages = this.provider.list({
      purpose,
      path: '/v2/droplets',
      query,
      key: 'droplets',
      parse: parseDroplet,
      idOf: ({ id }) => id,
      signal,
    });
    return (await all(pages)).filter(({ tags }) => tags.includes(tag));
  }

  /** The newest page of a droplet's actions: one event at a time, so what is under way is on it. */
  async newestActions(id: string, signal: AbortSignal): Promise<Action[]> {
    const parse = (raw: unknown) => list(raw, 'actions').map(parseAction);
    return this.provider.get({ purpose, path: `/v2/droplets/${id}/actions`, query: { per_page: '200' }, parse, signal });
  }
}

async function orUndefined<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof NotFoundAtProviderError) return undefined;
    throw error;
  }
}

/** A list read to its end. */
export async function all<T>(pages: AsyncIterable<ListPage<T>>): Promise<T[]> {
  const found: T[] = [];
  for await (const { items } of pages) found.push(...items);
  return found;
}

function list(raw: unknown, key: string): readonly unknown[] {
  const held = record(raw, 'the answer')[key];
  return Array.isArray(held) ? held : [];
}

/** Sizes of GPU machines are known by their slug. */
export const isGpuSize = (sizeSlug: string): boolean => sizeSlug.startsWith('gpu-');
