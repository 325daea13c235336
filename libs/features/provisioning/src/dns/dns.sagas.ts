import type { SagaDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DeleteRecordStep } from './delete-record.step';
import { DnsRecordInput } from './dns-record.input';
import { EnsureRecordStep } from './ensure-record.step';
import { holdsRecord, ZoneAccess } from './own-zone';

/** Sees to it that a zone answers a name and type with some data. */
@Injectable()
export class UpsertRecordSaga {
  readonly definition: SagaDefinition<DnsRecordInput>;

  constructor(own: ZoneAccess, ensure: EnsureRecordStep) {
    this.definition = {
      kind: 'upsert_dns_record',
      input: DnsRecordInput,
      prepare: (proposal) => own.inOwnZone(proposal),
      plan: () => [ensure.name],
      holds: holdsRecord,
      steps: [ensure],
    };
  }
}

/** Sees to it that a zone no longer answers a name and type with some data. */
@Injectable()
export class DeleteRecordSaga {
  readonly definition: SagaDefinition<DnsRecordInput>;

  constructor(own: ZoneAccess, remove: DeleteRecordStep) {
    this.definition = {
      kind: 'delete_dns_record',
      input: DnsRecordInput,
      prepare: (proposal) => own.inOwnZone(proposal),
      plan: () => [remove.name],
      holds: holdsRecord,
      steps: [remove],
    };
  }
}
