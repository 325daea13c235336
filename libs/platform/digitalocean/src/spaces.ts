import { CONFIG, type Config } from '#libs/config';
import { Inject, Injectable } from '@nestjs/common';
import { create } from 'axios';
import { createHash, createHmac } from 'node:crypto';

/** A bucket as the object storage lists it. */
export interface SpacesBucket {
  readonly name: string;
  readonly region: string;
  /** RFC 3339; null where the answer has none. */
  readonly createdAt: string | null;
}

/** A key of the object storage. */
interface SpacesKey {
  readonly access: string;
  readonly secret: string;
}

const EMPTY_BODY = sha256('');
const LARGEST_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Lists the buckets of the object storage, which the API of DigitalOcean does not: by S3's `ListBuckets`, one region after the other, with
 * keys of its own (docs/digitalocean-facts.md 8.6). These calls do not count against the token. No error of axios leaves this class,
 * because it contains the signature. [TEN-8]
 */
@Injectable()
export class Spaces {
  private readonly axios = create({ maxRedirects: 0, proxy: false, maxContentLength: LARGEST_ANSWER_BYTES, responseType: 'text' });

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** The buckets that the keys of `SPACES_KEYS` may see; undefined without keys. `complete`: every region answered every key. */
  async listBuckets(signal?: AbortSignal): Promise<{ buckets: SpacesBucket[]; complete: boolean } | undefined> {
    const { keys, regions } = this.config.spaces;
    const known = keys?.().split(',').map(keyOf);
    if (known === undefined) return undefined;
    const buckets = new Map<string, SpacesBucket>();
    let complete = true;
    for (const region of regions)
      for (const key of known) {
        const listed = await this.listIn(region, key, signal).catch(() => undefined);
        complete &&= listed !== undefined;
        for (const bucket of listed ?? []) buckets.set(bucket.name, bucket);
      }
    return { buckets: [...buckets.values()], complete };
  }

  private async listIn(region: string, key: SpacesKey, signal: AbortSignal | undefined): Promise<SpacesBucket[]> {
    const url = new URL(this.config.spaces.url.replaceAll('{region}', region));
    const headers = signedHeaders(key, { host: url.host, path: url.pathname, region, at: new Date() });
    const limit = AbortSignal.timeout(this.config.provider.callTimeoutMs);
    const { data } = await this.axios.get<string>(url.href, { headers, signal: signal ? AbortSignal.any([limit, signal]) : limit });
    return bucketsIn(data, region);
  }
}

function keyOf(text: string): SpacesKey {
  const [access = '', secret = ''] = text.split(':');
  return { access, secret };
}

/** Throws for anything but a list of buckets: an empty answer is no empty list. */
export function bucketsIn(xml: string, region: string): SpacesBucket[] {
  if (!xml.includes('<ListAllMyBucketsResult')) throw new Error('not a list of buckets');
  return [...xml.matchAll(/<Bucket>(.*?)<\/Bucket>/gs)].flatMap(([, bucket = '']) => {
    const name = /<Name>([a-z0-9][a-z0-9.-]{0,62})<\/Name>/.exec(bucket)?.[1];
    const createdMs = Date.parse(/<CreationDate>([^<]{1,40})<\/CreationDate>/.exec(bucket)?.[1] ?? '');
    return name === undefined ? [] : { name, region, createdAt: Number.isNaN(createdMs) ? null : new Date(createdMs).toISOString() };
  });
}

/** The headers of a GET without a body, signed by AWS Signature Version 4 for S3. */
export function signedHeaders(
  { access, secret }: SpacesKey,
  { host, path, query = '', region, at }: { host: string; path: string; query?: string; region: string; at: Date },
): Record<string, string> {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${region}/s3/aws4_request`;
  const signed = { host, 'x-amz-content-sha256': EMPTY_BODY, 'x-amz-date': time };
  const names = Object.keys(signed).join(';');
  const lines = Object.entries(signed).map(([name, value]) => `${name}:${value}\n`);
  const request = ['GET', path, query, lines.join(''), names, EMPTY_BODY].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((signing, part) => hmac(signing, part), `AWS4${secret}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', time, scope, sha256(request)].join('\n')).toString('hex');
  return { ...signed, authorization: `AWS4-HMAC-SHA256 Credential=${access}/${scope}, SignedHeaders=${names}, Signature=${signature}` };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
