import { DigitalOcean, NotFoundAtProviderError, record, text, wholeNumber } from '#libs/digitalocean';
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

/** The calls about tag objects, which outlive the droplets that carried them (digitalocean-api.md, section 8). */
@Injectable()
export class TagCalls {
  constructor(private readonly provider: DigitalOcean) {}

  list(): Promise<Tag[]> {
    return all(this.provider.list({ purpose, path: '/v2/tags', key: 'tags', parse: parseTag, idOf: ({ name }) => name }));
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
