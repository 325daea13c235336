import { CONFIG, type Config } from '#libs/config';
import { done, fail, wait, type StepAnswer, type StepContext } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { RecordCalls } from '../provider/record-calls';
import { outcomeOf, type WriteOutcome } from '../provider/write-outcome';
import { leftAfterRestore } from '../restored-saga';
import { bodyOf, sameRecord, type ListedRecord } from './dns-record';
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
  /** What was asked away again, undoing. */
  readonly removed?: readonly string[];
}

type Ctx = StepContext<DnsRecordInput>;

/** Gives a zone back what it said before: data, the TTL that siblings share, every other field; what was made goes. */
@Injectable()
export class DnsRecordCompensation {
  constructor(
    private readonly records: RecordCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async undo(ctx: Ctx, step: string): Promise<StepAnswer> {
    const intent = ctx.intent as unknown as EnsureIntent | null;
    if (!intent || (intent.ruledOut && !intent.doubtful)) return done();
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const listed = await this.records.named(zone, name, type, ctx.signal);
    const made = ctx.context[step] as { readonly record_id: string } | undefined;
    const unanswered = made === undefined && ctx.sinceBegunMs < intent.sentAtMs + this.config.provider.lagMs;
    if (intent.op === 'update') return this.undoUpdate(ctx, intent, listed, unanswered);
    return this.undoCreate(ctx, intent, listed, made?.record_id, unanswered);
  }

  /** The record that we know is asked away although a list does not show it yet. */
  private async undoCreate(
    ctx: Ctx,
    { others, removed = [] }: EnsureIntent,
    listed: readonly ListedRecord[],
    made: string | undefined,
    unanswered: boolean,
  ): Promise<StepAnswer> {
    const { dns_domain: zone } = ctx.input;
    const wanted = wantedOf(ctx.input);
    const found = listed.filter((record) => !others.includes(record.id) && sameRecord(wanted.type, record, wanted)).map(({ id }) => id);
    const ours = [...new Set([...found, ...(made !== undefined && !removed.includes(made) ? [made] : [])])];
    const present = listed.filter(({ id }) => ours.includes(id)).map(({ id }) => id);
    if (ctx.restored && present.length > 0) return leftAfterRestore(`record ${present.join(', ')} of ${zone}`);
    for (const id of ours) {
      await ctx.guard();
      const outcome = await outcomeOf(this.records.destroy(zone, id, ctx.signal));
      if (outcome.is === 'refused') return outcome.answer;
      if (outcome.is !== 'unknown')
        await ctx.recordIntent({ ...ctx.intent, removed: [...((ctx.intent?.removed as string[] | undefined) ?? []), id] });
    }
    if (ours.length > 0) return wait(this.config.saga.pollMs, 'the record being gone');
    return unanswered ? wait(this.config.saga.pollMs, 'whether the record was made') : done();
  }

  private async undoUpdate(ctx: Ctx, { before }: EnsureIntent, listed: readonly ListedRecord[], unanswered: boolean): Promise<StepAnswer> {
    const wanted = wantedOf(ctx.input);
    const now = listed.find(({ id }) => id === before?.id);
    if (!before || !now) return done(); // somebody has removed it: there is nothing of ours in it any more
    if (sameRecord(wanted.type, now, before) && !differs(now, before))
      return unanswered ? wait(this.config.saga.pollMs, 'whether the record was written') : done();
    if (!sameRecord(wanted.type, now, wanted))
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
