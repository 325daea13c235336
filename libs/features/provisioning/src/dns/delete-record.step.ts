import { CONFIG, type Config } from '#libs/config';
import { done, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { bodyOf, DnsRecordCalls, sameRecord, type ListedRecord } from '../provider/dns-record-calls';
import { outcomeOf } from '../provider/write-outcome';
import type { DnsRecordInput } from './dns-record.input';
import { differs, wantedRecord } from './record-decision';

interface DeleteIntent {
  /** The records with their values before the delete. */
  readonly records: readonly ListedRecord[];
  /** When a compensation last sent a create, ms since the step began. */
  readonly remadeAtMs?: number;
  /** New ids by old ids. */
  readonly remade?: Readonly<Record<string, string>>;
  /** When the deletes were sent, ms since the step began. */
  readonly sentAtMs: number;
}

type Ctx = StepContext<DnsRecordInput>;

const DELETE_REASON = 'waiting for the DNS record to be deleted';

/**
 * Deletes the record with the given data, and its duplicates. A missing record counts as deleted. The compensation creates it again, under
 * a new id.
 */
@Injectable()
export class DeleteRecordStep implements StepDefinition<DnsRecordInput> {
  readonly name = 'delete_record';
  readonly policy = { tries: 10 };

  constructor(
    private readonly records: DnsRecordCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    const { dns_domain: zone } = ctx.input;
    const known = (ctx.intent as unknown as DeleteIntent | null)?.records ?? [];
    const found = await this.listMatching(ctx);
    if (found.length === 0)
      return done(known.length > 0 ? { outcome: 'deleted', record_ids: known.map(({ id }) => id) } : { outcome: 'noop' });
    const records = [...known, ...found.filter(({ id }) => !known.some((one) => one.id === id))];
    await ctx.recordIntent({ records, sentAtMs: ctx.sinceBegunMs });
    for (const { id } of found) {
      const outcome = await outcomeOf(this.records.delete(zone, id, ctx.signal));
      if (outcome.is === 'refused') return outcome.answer;
      if (outcome.is === 'unknown') return wait(this.config.saga.pollMs, DELETE_REASON);
    }
    return done({ outcome: 'deleted', record_ids: records.map(({ id }) => id) });
  };

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> => {
    const intent = ctx.intent as unknown as DeleteIntent | null;
    if (!intent) return done();
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const { pollMs } = this.config.saga;
    const { lagMs } = this.config.provider;
    const { records, remade = {}, remadeAtMs, sentAtMs } = intent;
    const unanswered = ctx.context[this.name] === undefined && ctx.sinceBegunMs < sentAtMs + lagMs;
    if (unanswered) return wait(pollMs, DELETE_REASON);
    const notRemade = records.filter(({ id }) => remade[id] === undefined);
    const lost = findMissing(notRemade, await this.listMatching(ctx))[0];
    if (!lost) return done();
    if (remadeAtMs !== undefined && ctx.sinceBegunMs < remadeAtMs + lagMs)
      return wait(pollMs, 'waiting for the new DNS record to become visible');
    await ctx.recordIntent({ ...intent, remadeAtMs: ctx.sinceBegunMs });
    const outcome = await outcomeOf(this.records.create(zone, bodyOf(type, name, lost), ctx.signal));
    if (outcome.is === 'refused') return outcome.answer;
    if (outcome.is === 'done')
      await ctx.recordIntent({ ...intent, remade: { ...remade, [lost.id]: outcome.value.id }, remadeAtMs: undefined });
    return wait(pollMs, 'waiting for the previous DNS record to become visible again');
  };

  /** Lists the records that the input selects: with this data, and with every field that the input sets. */
  private async listMatching({ input, signal }: Ctx): Promise<ListedRecord[]> {
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = input;
    const wanted = wantedRecord(input);
    const listed = await this.records.listByName(zone, name, type, signal);
    return listed.filter((record) => sameRecord(type, record, wanted) && !differs(record, wanted));
  }
}

/** The records that are listed neither under their own id nor, created again, under another one. Pure. */
function findMissing(records: readonly ListedRecord[], listed: readonly ListedRecord[]): ListedRecord[] {
  const unlisted = records.filter(({ id }) => !listed.some((record) => record.id === id));
  const others = listed.filter(({ id }) => !records.some((record) => record.id === id));
  return unlisted.filter((record) => {
    const remadeAt = others.findIndex((other) => !differs(other, record));
    if (remadeAt >= 0) others.splice(remadeAt, 1);
    return remadeAt < 0;
  });
}
