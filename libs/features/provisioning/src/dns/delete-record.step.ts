import { CONFIG, type Config } from '#libs/config';
import { done, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { RecordCalls } from '../provider/record-calls';
import { outcomeOf } from '../provider/write-outcome';
import { bodyOf, sameRecord, type ListedRecord } from './dns-record';
import type { DnsRecordInput } from './dns-record.input';
import { wantedOf } from './own-zone';
import { differs } from './record-decision';

interface DeleteIntent {
  /** The records as they were. */
  readonly records: readonly ListedRecord[];
  /** When one was last made again, undoing; ms since the step was begun. */
  readonly remadeAtMs?: number;
  /** New ids by old ones. */
  readonly remade?: Readonly<Record<string, string>>;
  readonly sentAtMs: number;
}

type Ctx = StepContext<DnsRecordInput>;

/** Removes the record with this data, and its doubles. One that is not there is done. Undoing makes it again, under a new id. */
@Injectable()
export class DeleteRecordStep implements StepDefinition<DnsRecordInput> {
  readonly name = 'delete_record';
  readonly policy = { tries: 10 };

  constructor(
    private readonly records: RecordCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    const { dns_domain: zone } = ctx.input;
    const known = (ctx.intent as unknown as DeleteIntent | null)?.records ?? [];
    const found = await this.meant(ctx);
    if (found.length === 0)
      return done(known.length > 0 ? { outcome: 'deleted', record_ids: known.map(({ id }) => id) } : { outcome: 'noop' });
    const records = [...known, ...found.filter(({ id }) => !known.some((one) => one.id === id))];
    await ctx.recordIntent({ records, sentAtMs: ctx.sinceBegunMs });
    for (const { id } of found) {
      const outcome = await outcomeOf(this.records.destroy(zone, id, ctx.signal));
      if (outcome.is === 'refused') return outcome.answer;
      if (outcome.is === 'unknown') return wait(this.config.saga.pollMs, 'whether the record was removed');
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
    if (unanswered) return wait(pollMs, 'whether the record was removed');
    const lost = missing(
      records.filter(({ id }) => remade[id] === undefined),
      await this.meant(ctx),
    )[0];
    if (!lost) return done();
    if (remadeAtMs !== undefined && ctx.sinceBegunMs < remadeAtMs + lagMs) return wait(pollMs, 'whether the record was made again');
    await ctx.recordIntent({ ...intent, remadeAtMs: ctx.sinceBegunMs });
    const { data, ttl, priority, port, weight, flags, tag } = lost;
    const outcome = await outcomeOf(
      this.records.create(zone, bodyOf(type, name, { data, ttl, priority, port, weight, flags, tag }), ctx.signal),
    );
    if (outcome.is === 'refused') return outcome.answer;
    if (outcome.is === 'done')
      await ctx.recordIntent({ ...intent, remade: { ...remade, [lost.id]: outcome.value.id }, remadeAtMs: undefined });
    return wait(pollMs, 'the zone saying what it said before');
  };

  /** The records that are asked about: with this data, and with every field that was given. */
  private async meant({ input, signal }: Ctx): Promise<ListedRecord[]> {
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = input;
    const wanted = wantedOf(input);
    const listed = await this.records.named(zone, name, type, signal);
    return listed.filter((record) => sameRecord(type, record, wanted) && !differs(record, wanted));
  }
}

/** Those that are not there any more, neither under their id nor, made again, under another. Pure. */
export function missing(records: readonly ListedRecord[], listed: readonly ListedRecord[]): ListedRecord[] {
  const gone = records.filter(({ id }) => !listed.some((record) => record.id === id));
  const others = listed.filter(({ id }) => !records.some((record) => record.id === id));
  return gone.filter((record) => {
    const again = others.findIndex((other) => !differs(other, record));
    if (again >= 0) others.splice(again, 1);
    return again < 0;
  });
}
