import { NotFoundAtProviderError, record, text, wholeNumber } from '#libs/digitalocean';
import { BoundProvider } from '#libs/inventory';
import { Injectable } from '@nestjs/common';
import { all } from './droplet-calls';

const purpose = 'provisioning';

/** A tag object and how many things carry it. */
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
    return all(this.provider.list({ purpose, path: '/v2/tags', key: 'tags', parse: parseTag, idOf: ({ name }) => name }));
  }

  /** Whether there is a tag object of that name, carried by anything or not. */
  async exists(name: string): Promise<boolean> {
    try {
      await this.provider.get({ purpose, path: `/v2/tags/${encodeURIComponent(name)}`, parse: () => true });
      return true;
    } catch (error) {
      if (error instanceof NotFoundAtProviderError) return false;
      throw error;
    }
  }

  /** Makes the object; doing it twice changes nothing. */
  async make(name: string): Promise<void> {
    await this.provider.send({ purpose, method: 'POST', path: '/v2/tags', body: { name } });
  }

  /** Puts a tag on a droplet; doing it twice changes nothing. The object is made when there is none yet. */
  async put(name: string, dropletId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.send('POST', name, dropletId, signal);
    } catch (error) {
      if (!(error instanceof NotFoundAtProviderError)) throw error;
      await this.provider.send({ purpose, method: 'POST', path: '/v2/tags', body: { name }, signal });
      await this.send('POST', name, dropletId, signal);
    }
  }

  /** Takes a tag off a droplet; doing it twice changes nothing. */
  async take(name: string, dropletId: string, signal: AbortSignal): Promise<void> {
    await this.send('DELETE', name, dropletId, signal);
  }

  private send(method: 'POST' | 'DELETE', name: string, dropletId: string, signal: AbortSignal): Promise<void> {
    const body = { resources: [{ resource_id: dropletId, resource_type: 'droplet' }] };
    return this.provider.send({ purpose, method, path: `/v2/tags/${encodeURIComponent(name)}/resources`, body, signal });
  }

  /** Removes the object, and with it the tag from whatever carries it. One that is gone is fine. */
  async remove(name: string): Promise<void> {
    try {
      await this.provider.send({ purpose, method: 'DELETE', path: `/v2/tags/${encodeURIComponent(name)}` });
    } catch (error) {
      if (!(error instanceof NotFoundAtProviderError)) throw error;
    }
  }
}
