import { isIPv4, isIPv6 } from 'node:net';
import { ResourceRegistrar, ResourceNotFoundError } from '#libs/inventory';
import { ValidationFailedError, type FieldError } from '#libs/kernel';
import type { SagaDefinition, StartCommand } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import type { RecordType } from '../provider/dns-record-calls';
import { DeleteRecordStep } from './delete-record.step';
import { DnsRecordInput, recordHolds, type AcceptedRecord } from './dns-record.input';
import { EnsureRecordStep } from './ensure-record.step';
import { RecordForecasts } from './record-forecasts';

/** The fields that a record of a type requires (docs/digitalocean-facts.md 5.3). */
const REQUIRED_FIELDS: Partial<Record<RecordType, readonly (keyof DnsRecordInput)[]>> = {
  MX: ['dns_record_priority'],
  SRV: ['dns_record_priority', 'dns_record_port', 'dns_record_weight'],
  CAA: ['dns_record_flags', 'dns_record_tag'],
};

/** Checks the start of a DNS saga: the owner of the zone first, then the record. [TEN-6] */
@Injectable()
export class ZoneAccess {
  constructor(private readonly inventory: ResourceRegistrar) {}

  /**
   * Returns the input with the name relative to its zone; that of an accepted input, which a redrive prepares again, is so already. Throws `ResourceNotFoundError`, also for zones of other tenants, and
   * `ValidationFailedError`.
   */
  async acceptInput({ scope, input }: StartCommand<AcceptedRecord>): Promise<AcceptedRecord> {
    const zone = input.dns_domain.toLowerCase();
    const found = await this.inventory.findByName(scope, 'dns_zone', zone);
    if (!found) throw new ResourceNotFoundError();
    const errors = recordErrors(input);
    if (errors.length > 0) throw new ValidationFailedError(errors);
    const name = input.zone_id === undefined ? relativeName(zone, input.dns_record_name) : input.dns_record_name;
    return Object.assign({}, input, { dns_domain: zone, dns_record_name: name, zone_id: found.id });
  }
}

/** Ensures that a zone has a record of a name and type with the given data. */
@Injectable()
export class UpsertRecordSaga {
  readonly definition: SagaDefinition<AcceptedRecord, DnsRecordInput>;

  constructor(access: ZoneAccess, forecasts: RecordForecasts, ensure: EnsureRecordStep) {
    this.definition = {
      kind: 'upsert_dns_record',
      input: DnsRecordInput,
      prepare: (command) => access.acceptInput(command),
      plan: () => [ensure.name],
      foresee: (command) => forecasts.ofUpsert(command),
      holds: recordHolds,
      steps: [ensure],
    };
  }
}

/** Ensures that a zone has no record of a name and type with the given data. */
@Injectable()
export class DeleteRecordSaga {
  readonly definition: SagaDefinition<AcceptedRecord, DnsRecordInput>;

  constructor(access: ZoneAccess, forecasts: RecordForecasts, remove: DeleteRecordStep) {
    this.definition = {
      kind: 'delete_dns_record',
      input: DnsRecordInput,
      prepare: (command) => access.acceptInput(command),
      plan: () => [remove.name],
      foresee: (command) => forecasts.ofDelete(command),
      holds: recordHolds,
      destroys: ({ zone_id }) => (zone_id === undefined ? [] : [zone_id]),
      steps: [remove],
    };
  }
}

/** Finds missing fields and data that does not fit the type. Pure. */
function recordErrors(input: DnsRecordInput): FieldError[] {
  const { dns_record_type: type, dns_record_data: data } = input;
  const missing = (REQUIRED_FIELDS[type] ?? []).filter((field) => input[field] === undefined);
  const errors = missing.map((field) => fieldError(field, `is needed by a ${type} record`));
  if (type === 'A' && !isIPv4(data)) errors.push(fieldError('dns_record_data', 'must be an IPv4 address'));
  if (type === 'AAAA' && !isIPv6(data)) errors.push(fieldError('dns_record_data', 'must be an IPv6 address'));
  return errors;
}

/** Returns `@` for the zone itself, and removes the zone from a full name. Pure. */
function relativeName(zone: string, name: string): string {
  const lower = name.toLowerCase().replace(/\.$/, '');
  if (lower === zone) return '@';
  return lower.endsWith(`.${zone}`) ? lower.slice(0, -zone.length - 1) : lower;
}

const fieldError = (field: string, message: string): FieldError => ({ field: `input.${field}`, message });
