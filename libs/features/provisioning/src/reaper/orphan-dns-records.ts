import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import { errorFields } from '#libs/kernel';
import { SagaQueries, type RecordedIntent } from '#libs/saga';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { recordHolds, type DnsRecordInput } from '../dns/dns-record.input';
import { isEnsureIntent } from '../dns/ensure-record.step';
import { wantedRecord } from '../dns/record-decision';
import { DnsRecordCalls, sameRecord } from '../provider/dns-record-calls';
import type { FoundOrphan } from './find-orphans';
import { OrphanRepository } from './orphan.repository';

/**
 * Deletes DNS records that an unanswered create made after its saga had stopped looking for them. A record counts as such only if it did
 * not exist before the create, has the wanted data and is no saga's result: within the grace period, another record with the same data is a
 * duplicate. [SAG-14]
 */
@Injectable()
export class OrphanDnsRecords {
  private readonly log = new Logger('Reaper');
  private readonly neverAborted = new AbortController().signal;

  constructor(
    private readonly sagas: SagaQueries,
    private readonly records: DnsRecordCalls,
    private readonly orphans: OrphanRepository,
    private readonly inventory: ResourceRegistrar,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Returns the number of records that were to be deleted. */
  async deleteAll(): Promise<number> {
    const intents = await this.sagas.findRecordedIntents('upsert_dns_record', 'ensure_record', this.config.saga.reaperGraceMs);
    let deleted = 0;
    for (const intent of intents) if (mayHaveOrphans(intent)) deleted += await this.deleteOf(intent);
    return deleted;
  }

  private async deleteOf(saga: RecordedIntent): Promise<number> {
    const { dns_domain: zone } = saga.input as unknown as DnsRecordInput;
    const resultId = saga.status === 'completed' ? saga.output?.record_id : undefined;
    const ids = await this.findOrphanIds(saga, resultId);
    // Records of a protected zone stay, as those of any other writer: people decide about them. [TNT-5]
    if (ids.length > 0 && (await this.inventory.findByName({ kind: 'platform' }, 'dns_zone', zone))?.protected_by) return 0;
    for (const id of ids) {
      const reason = resultId === undefined ? 'late' : 'duplicate';
      const orphan: FoundOrphan = { kind: 'dns_record', providerId: id, sagaId: saga.sagaId, reason, destroy: true };
      await this.orphans.add(orphan);
      this.log.warn({ event: 'orphan_found', kind: orphan.kind, provider_id: id, saga_id: saga.sagaId, reason, destroyed: true });
      try {
        await this.records.delete(zone, id, this.neverAborted);
        await this.orphans.markDeleteRequested(orphan);
      } catch (error) {
        this.log.warn({ event: 'orphan_destroy_failed', kind: orphan.kind, provider_id: id, ...errorFields(error) });
      }
    }
    return ids.length;
  }

  private async findOrphanIds(saga: RecordedIntent, resultId: unknown): Promise<string[]> {
    const input = saga.input as unknown as DnsRecordInput;
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = input;
    const others = isEnsureIntent(saga.intent) ? saga.intent.others : [];
    const listed = await this.records.listByName(zone, name, type, this.neverAborted);
    // Without its result in the zone, the zone has changed since, and its records are not duplicates of the result.
    if (resultId !== undefined && !listed.some(({ id }) => id === resultId)) return [];
    const wanted = wantedRecord(input);
    const candidates = listed.filter(
      (record) => sameRecord(wanted, record, wanted) && !others.includes(record.id) && record.id !== resultId,
    );
    if (candidates.length === 0 || (await this.isChangedByOthers(saga.sagaId, input))) return [];
    const ids = candidates.map(({ id }) => id);
    const resultsOfOthers = await this.sagas.outputsOfOtherSagas(saga.sagaId, 'ensure_record', 'record_id', ids);
    return ids.filter((id) => !resultsOfOthers.has(id));
  }

  /**
   * True while another saga writes a record of this name and type, or after one has restored a deleted record: the owner of a record is
   * then unknown.
   */
  private async isChangedByOthers(sagaId: string, input: DnsRecordInput): Promise<boolean> {
    const [hold = ''] = recordHolds(input);
    const holder = await this.sagas.holderOf(hold);
    if (holder !== undefined && holder !== sagaId) return true;
    const deletes = await this.sagas.findRecordedIntents('delete_dns_record', 'delete_record', this.config.saga.reaperGraceMs);
    return deletes.some(
      ({ status, input: deleted }) => status === 'rolled_back' && recordHolds(deleted as unknown as DnsRecordInput)[0] === hold,
    );
  }
}

/** Only an unanswered create can have a duplicate, or take effect late. */
function mayHaveOrphans({ intent, status, output, restored }: RecordedIntent): boolean {
  if (!isEnsureIntent(intent)) return false;
  const { op, doubtful, ruledOut } = intent;
  if (restored || op !== 'create' || (status !== 'completed' && status !== 'rolled_back')) return false;
  return doubtful || (status === 'rolled_back' && output === null && !ruledOut);
}
