import { CONFIG, type Config } from '#libs/config';
import { done, fail, retry, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { RecordCalls } from '../provider/record-calls';
import { outcomeOf } from '../provider/write-outcome';
import { bodyOf, sameRecord, type ListedRecord } from './dns-record';
import type { DnsRecordInput } from './dns-record.input';
import { wantedOf } from './own-zone';
import { decideRecord, differs } from './record-decision';
import { DnsRecordCompensation, type EnsureIntent } from './record-undoing';

type Ctx = StepContext<DnsRecordInput>;

/** Sees to it that one record has the wanted data. What the zone said before is recorded first, so that it can be given back (SAG-14). */
@Injectable()
export class EnsureRecordStep implements StepDefinition<DnsRecordInput> {
  readonly name = 'ensure_record';
  readonly policy = { tries: 10 };

  constructor(
    private readonly records: RecordCalls,
    private readonly undoing: DnsRecordCompensation,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const intent = ctx.intent as unknown as EnsureIntent | null;
    const listed = await this.records.named(zone, name, type, ctx.signal);
    if (intent && !intent.ruledOut) {
      const effect = effectOf(intent, listed, ctx.input);
      if (effect) return ended(intent, effect);
      const leftMs = intent.sentAtMs + this.config.provider.lagMs - ctx.sinceBegunMs;
      if (leftMs > 0) return wait(Math.min(leftMs, this.config.saga.pollMs), 'whether the record was written');
    }
    const decision = decideRecord(listed, wantedOf(ctx.input));
    if (decision.is === 'refuse') return fail({ code: decision.code, detail: decision.detail }, 'none');
    if (decision.is === 'noop') return done({ outcome: 'noop', record_id: decision.record.id });
    return this.write(ctx, {
      op: decision.is,
      sentAtMs: ctx.sinceBegunMs,
      before: decision.is === 'update' ? decision.record : null,
      others: listed.map(({ id }) => id),
      doubtful: intent?.doubtful === true || (intent !== null && !intent.ruledOut),
      ruledOut: false,
    });
  };

  readonly compensate = (ctx: Ctx): Promise<StepAnswer> => this.undoing.undo(ctx, this.name);

  private async write(ctx: Ctx, intent: EnsureIntent): Promise<StepAnswer> {
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const { previousData: _named, type: _type, ...wanted } = wantedOf(ctx.input);
    await ctx.recordIntent({ ...intent });
    const body = bodyOf(type, name, wanted);
    const sent = intent.before
      ? this.records.update(zone, intent.before.id, body, ctx.signal)
      : this.records.create(zone, body, ctx.signal);
    const outcome = await outcomeOf(sent);
    if (outcome.is === 'done') return ended(intent, outcome.value);
    if (outcome.is === 'unknown') {
      await ctx.recordIntent({ ...intent, sentAtMs: ctx.sinceBegunMs });
      return wait(this.config.saga.pollMs, 'whether the record was written');
    }
    await ctx.recordIntent({ ...intent, ruledOut: true });
    if (outcome.is === 'refused') return outcome.answer;
    return intent.op === 'update' ? retry(outcome.error) : fail(outcome.error, 'none'); // its record, or its zone, is gone
  }
}

/** The record that shows that the write has happened. */
export function effectOf(
  { op, before, others }: EnsureIntent,
  listed: readonly ListedRecord[],
  input: DnsRecordInput,
): ListedRecord | undefined {
  const wanted = wantedOf(input);
  const equal = listed.filter((record) => sameRecord(wanted.type, record, wanted) && !differs(record, wanted));
  return op === 'update' ? equal.find(({ id }) => id === before?.id) : equal.find(({ id }) => !others.includes(id));
}

const ended = ({ op }: EnsureIntent, { id }: ListedRecord): StepAnswer =>
  done({ outcome: op === 'create' ? 'created' : 'updated', record_id: id });
