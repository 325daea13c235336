import { CONFIG, type Config } from '#libs/config';
import { done, fail, wait, type StepAnswer, type StepContext } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { RecordCalls } from '../provider/record-calls';
import { outcomeOf, type WriteOutcome } from '../provider/write-outcome';
import { bodyOf, comparable, type ListedRecord } from './dns-record';
import type { DnsRecordInput } from './dns-record.input';
import { differs } from './record-decision';
import { wantedOf } from './own-zone';

/** What the ledger keeps of a write to a zone, before it is sent. */
export interface EnsureIntent {
  readonly op: 'create' | 'update';
  /** Since the step was begun, ms. */
  readonly sentAtMs: number;
  /** The record that is rewritten, as it was. */
  readonly before: ListedRecord | null;
  /** Ids of all records of the name and type before: what is not among them is ours. */
  readonly others: readonly string[];
  /** A create before this one had no answer: a second record may appear. */
  readonly doubtful: boolean;
  readonly ruledOut: boolean;
}

type Ctx = StepContext<DnsRecordInput>;

/** Gives a zone back what it said before: data, the TTL that siblings share, every other field; what was made goes. */
@Injectable()
export class RecordUndoing {
  constructor(
    private readonly records: RecordCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async undo(ctx: Ctx, step: string): Promise<StepAnswer> {
    const intent = ctx.intent as unknown as EnsureIntent | null;
    if (!intent || intent.ruledOut) return done();
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const listed = await this.records.named(zone, name, type, ctx.signal);
    const unanswered = ctx.context[step] === undefined && ctx.sinceBegunMs < intent.sentAtMs + this.config.saga.providerLagMs;
    return intent.op === 'create' ? this.undoCreate(ctx, intent, listed, unanswered) : this.undoUpdate(ctx, intent, listed, unanswered);
  }

  private async undoCreate(ctx: Ctx, intent: EnsureIntent, listed: readonly ListedRecord[], unanswered: boolean): Promise<StepAnswer> {
    const { dns_domain: zone } = ctx.input;
    const wanted = wantedOf(ctx.input);
    const ours = listed.filter(
      ({ id, data }) => !intent.others.includes(id) && comparable(wanted.type, data) === comparable(wanted.type, wanted.data),
    );
    for (const { id } of ours) {
      await ctx.guard();
      const outcome = await outcomeOf(this.records.destroy(zone, id, ctx.signal));
      if (outcome.is === 'refused') return outcome.answer;
    }
    if (ours.length > 0) return wait(this.config.saga.pollMs, 'the record being gone');
    if (unanswered) return wait(this.config.saga.pollMs, 'whether the record was made');
    return done();
  }

  private async undoUpdate(ctx: Ctx, { before }: EnsureIntent, listed: readonly ListedRecord[], unanswered: boolean): Promise<StepAnswer> {
    const wanted = wantedOf(ctx.input);
    const now = listed.find(({ id }) => id === before?.id);
    if (!before || !now) return done(); // somebody has removed it: there is nothing of ours in it any more
    const same = (data: string) => comparable(wanted.type, now.data) === comparable(wanted.type, data);
    if (same(before.data) && !differs(now, before))
      return unanswered ? wait(this.config.saga.pollMs, 'whether the record was written') : done();
    if (!same(wanted.data))
      return fail({ code: 'changed_meanwhile', detail: `Record ${now.id} has data that is neither ours nor what it was` });
    return this.again(await this.write(ctx, now.id, before));
  }

  private async write(
    ctx: Ctx,
    id: string,
    { data, ttl, priority, port, weight, flags, tag }: ListedRecord,
  ): Promise<WriteOutcome<ListedRecord>> {
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    await ctx.guard();
    return outcomeOf(this.records.update(zone, id, bodyOf(type, name, { data, ttl, priority, port, weight, flags, tag }), ctx.signal));
  }

  /** What was written is looked at once more before it is believed. */
  private again(outcome: WriteOutcome<ListedRecord>): StepAnswer {
    return outcome.is === 'refused' ? outcome.answer : wait(this.config.saga.pollMs, 'the zone saying what it said before');
  }
}
