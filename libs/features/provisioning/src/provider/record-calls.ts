import { BoundProvider } from '#libs/inventory';
import { Injectable } from '@nestjs/common';
import { parseRecord, type ListedRecord } from '../dns/dns-record';
import { all } from './droplet-calls';

const purpose = 'provisioning';

/** The calls about domain records that sagas make. */
@Injectable()
export class RecordCalls {
  constructor(private readonly provider: BoundProvider) {}

  /** All records of one name and type. `name` is relative; the filter takes the whole one (docs/digitalocean-facts.md 5.2). */
  named(zone: string, name: string, type: string, signal: AbortSignal): Promise<ListedRecord[]> {
    const query = { name: name === '@' ? zone : `${name}.${zone}`, type };
    const list = {
      purpose,
      path: recordsOf(zone),
      query,
      key: 'domain_records',
      parse: parseRecord,
      idOf: ({ id }: ListedRecord) => id,
      signal,
    } as const;
    return all(this.provider.list(list));
  }

  create(zone: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<ListedRecord> {
    return this.provider.send({ purpose, method: 'POST', path: recordsOf(zone), body, key: 'domain_record', parse: parseRecord, signal });
  }

  /** PATCH, not PUT: that would set the TTL back where none is sent. */
  update(zone: string, id: string, body: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<ListedRecord> {
    const path = `${recordsOf(zone)}/${id}`;
    return this.provider.send({ purpose, method: 'PATCH', path, body, key: 'domain_record', parse: parseRecord, signal });
  }

  destroy(zone: string, id: string, signal: AbortSignal): Promise<void> {
    return this.provider.send({ purpose, method: 'DELETE', path: `${recordsOf(zone)}/${id}`, signal });
  }
}

const recordsOf = (zone: string): string => `/v2/domains/${encodeURIComponent(zone)}/records`;
