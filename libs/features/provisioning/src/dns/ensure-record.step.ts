import { CONFIG, type Config } from '#libs/config';
import { done, fail, retry, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { bodyOf, DnsRecordCalls, sameRecord, type ListedRecord } from '../provider/dns-record-calls';
import { outcomeOf, type WriteOutcome } from '../provider/write-outcome';
import { leftAfterRestore } from '../provisioning.errors';
import type { DnsRecordInput } from './dns-record.input';
import { decideRecord, differs, wantedRecord } from './record-decision';

/** The intent of a write to a zone, recorded before the write is sent. */
export interface EnsureIntent {
  readonly op: 'create' | 'update';
  /** When the write was sent, ms since the step began. */
  readonly sentAtMs: number;
  /** The record that is updated, with its previous values. */
  readonly before: ListedRecord | null;
  /** The ids of all records of the name and type before the write. Any other record is ours. */
  readonly others: readonly string[];
  /** True when an earlier create had no answer, so that a second record may appear. */
  readonly doubtful: boolean;
  /** True when the provider answered that the write did not happen. */
  readonly ruledOut: boolean;
  /** The ids that a compensation has deleted. */
  readonly removed?: readonly string[];
}

type Ctx = StepContext<DnsRecordInput>;

const WRITE_REASON = 'waiting for the DNS change to become visible';
const UNDO_REASON = 'waiting for the previous DNS record to become visible again';

/**
 * Restores the previous values of a zone: data, the TTL that siblings share and every other field. Deletes the records that the step
 * created.
 */
@Injectable()
export class DnsRecordCompensation {
  constructor(
    private readonly records: DnsRecordCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async undo(ctx: Ctx, step: string): Promise<StepAnswer> {
    const intent = ctx.intent as unknown as EnsureIntent | null;
    if (!intent || (intent.ruledOut && !intent.doubtful)) return done();
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const listed = await this.records.listByName(zone, name, type, ctx.signal);
    const output = ctx.context[step] as { readonly record_id: string } | undefined;
    const unanswered = output === undefined && ctx.sinceBegunMs < intent.sentAtMs + this.config.provider.lagMs;
    if (intent.op === 'update') return this.undoUpdate(ctx, intent, listed, unanswered);
    return this.undoCreate(ctx, intent, listed, output?.record_id, unanswered);
  }

  /** Deletes the created record by its known id, also when the list does not contain it yet. */
  private async undoCreate(
    ctx: Ctx,
    { others, removed = [] }: EnsureIntent,
    listed: readonly ListedRecord[],
    createdId: string | undefined,
    unanswered: boolean,
  ): Promise<StepAnswer> {
    const { dns_domain: zone } = ctx.input;
    const wanted = wantedRecord(ctx.input);
    const found = listed.filter((record) => !others.includes(record.id) && sameRecord(wanted.type, record, wanted)).map(({ id }) => id);
    const ours = [...new Set([...found, ...(createdId !== undefined && !removed.includes(createdId) ? [createdId] : [])])];
    const present = listed.filter(({ id }) => ours.includes(id)).map(({ id }) => id);
    if (ctx.restored && present.length > 0) return leftAfterRestore(`record ${present.join(', ')} of ${zone}`);
    for (const id of ours) {
      await ctx.guard();
      const outcome = await outcomeOf(this.records.delete(zone, id, ctx.signal));
      if (outcome.is === 'refused') return outcome.answer;
      if (outcome.is !== 'unknown')
        await ctx.recordIntent({ ...ctx.intent, removed: [...((ctx.intent?.removed as string[] | undefined) ?? []), id] });
    }
    if (ours.length > 0) return wait(this.config.saga.pollMs, 'waiting for the DNS record to be deleted');
    return unanswered ? wait(this.config.saga.pollMs, 'waiting for a DNS record from an unconfirmed create to appear') : done();
  }

  private async undoUpdate(ctx: Ctx, { before }: EnsureIntent, listed: readonly ListedRecord[], unanswered: boolean): Promise<StepAnswer> {
    const wanted = wantedRecord(ctx.input);
    const live = listed.find(({ id }) => id === before?.id);
    if (!before || !live) return done(); // the record was deleted by another actor, and our change with it
    if (sameRecord(wanted.type, live, before) && !differs(live, before))
      return unanswered ? wait(this.config.saga.pollMs, 'waiting for an unconfirmed DNS change to become visible') : done();
    if (!sameRecord(wanted.type, live, wanted))
      return fail({ code: 'changed_meanwhile', detail: `Record ${live.id} has data that is neither ours nor its previous data` });
    const outcome = await this.restore(ctx, live.id, before);
    // A later execution reads the record again before the compensation counts as done.
    return outcome.is === 'refused' ? outcome.answer : wait(this.config.saga.pollMs, UNDO_REASON);
  }

  private async restore(ctx: Ctx, id: string, before: ListedRecord): Promise<WriteOutcome<ListedRecord>> {
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    await ctx.guard();
    return outcomeOf(this.records.update(zone, id, bodyOf(type, name, before), ctx.signal));
  }
}

/** Ensures that one record has the wanted data. Records the previous values first, so that a compensation can restore them. [SAG-14] */
@Injectable()
export class EnsureRecordStep implements StepDefinition<DnsRecordInput> {
  readonly name = 'ensure_record';
  readonly policy = { tries: 10 };

  constructor(
    private readonly records: DnsRecordCalls,
    private readonly compensation: DnsRecordCompensation,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: Ctx): Promise<StepAnswer> => {
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const intent = ctx.intent as unknown as EnsureIntent | null;
    const listed = await this.records.listByName(zone, name, type, ctx.signal);
    if (intent && !intent.ruledOut) {
      const effect = findEffect(intent, listed, ctx.input);
      if (effect) return written(intent, effect);
      const leftMs = intent.sentAtMs + this.config.provider.lagMs - ctx.sinceBegunMs;
      if (leftMs > 0) return wait(Math.min(leftMs, this.config.saga.pollMs), WRITE_REASON);
    }
    const decision = decideRecord(listed, wantedRecord(ctx.input));
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

  readonly compensate = (ctx: Ctx): Promise<StepAnswer> => this.compensation.undo(ctx, this.name);

  private async write(ctx: Ctx, intent: EnsureIntent): Promise<StepAnswer> {
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    await ctx.recordIntent({ ...intent });
    const body = bodyOf(type, name, wantedRecord(ctx.input));
    const sent = intent.before
      ? this.records.update(zone, intent.before.id, body, ctx.signal)
      : this.records.create(zone, body, ctx.signal);
    const outcome = await outcomeOf(sent);
    if (outcome.is === 'done') return written(intent, outcome.value);
    if (outcome.is === 'unknown') {
      await ctx.recordIntent({ ...intent, sentAtMs: ctx.sinceBegunMs });
      return wait(this.config.saga.pollMs, WRITE_REASON);
    }
    await ctx.recordIntent({ ...intent, ruledOut: true });
    if (outcome.is === 'refused') return outcome.answer;
    return intent.op === 'update' ? retry(outcome.error) : fail(outcome.error, 'none'); // the record, or the zone, was deleted
  }
}

/** The listed record that proves that the write has happened. */
function findEffect(
  { op, before, others }: EnsureIntent,
  listed: readonly ListedRecord[],
  input: DnsRecordInput,
): ListedRecord | undefined {
  const wanted = wantedRecord(input);
  const equal = listed.filter((record) => sameRecord(wanted.type, record, wanted) && !differs(record, wanted));
  return op === 'update' ? equal.find(({ id }) => id === before?.id) : equal.find(({ id }) => !others.includes(id));
}

const written = ({ op }: EnsureIntent, { id }: ListedRecord): StepAnswer =>
  done({ outcome: op === 'create' ? 'created' : 'updated', record_id: id });
