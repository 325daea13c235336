import { isIPv4, isIPv6 } from 'node:net';
import { ResourceRegistrar, ResourceNotFoundError } from '#libs/inventory';
import { ValidationFailedError, type FieldError } from '#libs/kernel';
import type { StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import type { RecordType } from './dns-record';
import type { DnsRecordInput } from './dns-record.input';
import type { WantedRecord } from './record-decision';

/** Fields that a type cannot do without (docs/digitalocean-facts.md 5.3). */
const NEEDS: Partial<Record<RecordType, readonly (keyof DnsRecordInput)[]>> = {
  MX: ['dns_record_priority'],
  SRV: ['dns_record_priority', 'dns_record_port', 'dns_record_weight'],
  CAA: ['dns_record_flags', 'dns_record_tag'],
};

/** Judges what is asked of a zone: its owner first, then the record itself (TEN-6). */
@Injectable()
export class ZoneAccess {
  constructor(private readonly inventory: ResourceRegistrar) {}

  /** The input with the name relative to its zone. Throws `ResourceNotFoundError`, also for other tenants' zones, and `ValidationFailedError`. */
  async inOwnZone({ scope, input }: StartCommand<DnsRecordInput>): Promise<DnsRecordInput> {
    const zone = input.dns_domain.toLowerCase();
    if (!(await this.inventory.findByName(scope, 'dns_zone', zone))) throw new ResourceNotFoundError(zone);
    const errors = recordErrors(input);
    if (errors.length > 0) throw new ValidationFailedError(errors);
    return Object.assign({}, input, { dns_domain: zone, dns_record_name: relativeName(zone, input.dns_record_name) });
  }
}

/** What a record of this type must have, and must not. Pure. */
export function recordErrors(input: DnsRecordInput): FieldError[] {
  const { dns_record_type: type, dns_record_data: data } = input;
  const missing = (NEEDS[type] ?? []).filter((field) => input[field] === undefined);
  const errors = missing.map((field) => wrong(field, `is needed by a ${type} record`));
  if (type === 'A' && !isIPv4(data)) errors.push(wrong('dns_record_data', 'must be an IPv4 address'));
  if (type === 'AAAA' && !isIPv6(data)) errors.push(wrong('dns_record_data', 'must be an IPv6 address'));
  return errors;
}

/** `@` for the zone itself; a whole name loses the zone. Pure. */
export function relativeName(zone: string, name: string): string {
  const lower = name.toLowerCase().replace(/\.$/, '');
  if (lower === zone) return '@';
  return lower.endsWith(`.${zone}`) ? lower.slice(0, -zone.length - 1) : lower;
}

export const holdsRecord = ({ dns_domain: zone, dns_record_type: type, dns_record_name: name }: DnsRecordInput): string[] => [
  `zone-record:${zone}/${type}/${name}`,
];

export function wantedOf(input: DnsRecordInput): WantedRecord {
  return {
    type: input.dns_record_type,
    data: input.dns_record_data,
    ttl: input.dns_record_ttl ?? null,
    priority: input.dns_record_priority ?? null,
    port: input.dns_record_port ?? null,
    weight: input.dns_record_weight ?? null,
    flags: input.dns_record_flags ?? null,
    tag: input.dns_record_tag ?? null,
    previousData: input.dns_record_previous_data ?? null,
  };
}

const wrong = (field: string, message: string): FieldError => ({ field: `input.${field}`, message });
