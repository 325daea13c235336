import { CONFIG, type Config } from '#libs/config';
import { errorCode } from '#libs/kernel';
import { SagaQueries, type RecordedIntent } from '#libs/saga';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { sameRecord } from '../dns/dns-record';
import type { DnsRecordInput } from '../dns/dns-record.input';
import { holdsRecord, wantedOf } from '../dns/own-zone';
import type { EnsureIntent } from '../dns/record-undoing';
import { RecordCalls } from '../provider/record-calls';
import { OrphanRepository } from './stray-ledger';

/**
 * Records that a create without an answer made after its saga had stopped looking (SAG-14). Only what was not there before the create, has its data,
 * and is no saga's result: within the grace, one more with the same data is its own double.
 */
@Injectable()
export class OrphanDnsRecords {
  private readonly log = new Logger('Reaper');
  private readonly never = new AbortController().signal;

  constructor(
    private readonly sagas: SagaQueries,
    private readonly records: RecordCalls,
    private readonly ledger: OrphanRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Answers how many were asked away. */
  async remove(): Promise<number> {
    const ended = await this.sagas.findRecordedIntents('upsert_dns_record', 'ensure_record', this.config.saga.reaperGraceMs);
    let asked = 0;
    for (const one of ended) if (needsALook(one)) asked += await this.removeOf(one);
    return asked;
  }

  private async removeOf(saga: RecordedIntent): Promise<number> {
    const input = saga.input as unknown as DnsRecordInput;
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = input;
    const { others } = saga.intent as unknown as EnsureIntent;
    const kept = saga.status === 'completed' ? saga.output?.record_id : undefined;
    const listed = await this.records.named(zone, name, type, this.never);
    if (kept !== undefined && !listed.some(({ id }) => id === kept)) return 0; // the zone has been changed since: what is there is not its double
    const wanted = wantedOf(input);
    const possible = listed.filter((record) => sameRecord(type, record, wanted) && !others.includes(record.id) && record.id !== kept);
    if (possible.length === 0 || (await this.othersAtIt(saga.sagaId, input))) return 0;
    const theirs = await this.sagas.outputsOfOtherSagas(
      saga.sagaId,
      'ensure_record',
      'record_id',
      possible.map(({ id }) => id),
    );
    const doubles = possible.filter(({ id }) => !theirs.has(id));
    for (const { id } of doubles) {
      const stray = {
        kind: 'dns_record',
        providerId: id,
        sagaId: saga.sagaId,
        reason: kept === undefined ? 'late' : 'duplicate',
        destroy: true,
      } as const;
      await this.ledger.noted(stray);
      this.log.warn({
        event: 'stray_found',
        kind: stray.kind,
        provider_id: id,
        saga_id: saga.sagaId,
        reason: stray.reason,
        destroyed: true,
      });
      try {
        await this.records.destroy(zone, id, this.never);
        await this.ledger.askedAway(stray);
      } catch (error) {
        this.log.warn({ event: 'stray_not_destroyed', kind: stray.kind, provider_id: id, code: errorCode(error) });
      }
    }
    return doubles.length;
  }

  /** Another saga is making a record of this name and type, or has made one again that it had removed: which is whose cannot be told. */
  private async othersAtIt(sagaId: string, input: DnsRecordInput): Promise<boolean> {
    const [hold = ''] = holdsRecord(input);
    const holder = await this.sagas.holderOf(hold);
    if (holder !== undefined && holder !== sagaId) return true;
    const removals = await this.sagas.findRecordedIntents('delete_dns_record', 'delete_record', this.config.saga.reaperGraceMs);
    return removals.some(
      ({ status, input: removed }) => status === 'rolled_back' && holdsRecord(removed as unknown as DnsRecordInput)[0] === hold,
    );
  }
}

/** Only a create that went without an answer can have a double, or come late. */
function needsALook({ intent, status, output, restored }: RecordedIntent): boolean {
  const { op, doubtful, ruledOut } = intent as unknown as EnsureIntent;
  if (restored || op !== 'create' || (status !== 'completed' && status !== 'rolled_back')) return false;
  return doubtful || (status === 'rolled_back' && output === null && !ruledOut);
}
