import { CONFIG, type Config } from '#libs/config';
import {
  done,
  fail,
  retry,
  skipped,
  wait,
  type StepAnswer,
  type StepContext,
  type StepDefinition,
  type TrackedWrite,
  type Wait,
} from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { answerGuard, DestructionGuard } from '../protection/destruction-guard';
import { bodyOf, DnsRecordCalls, recordValues, sameRecord, type ListedRecord, type RecordFields } from '../provider/dns-record-calls';
import { leftAfterRestore, stepErrorOf } from '../provisioning.errors';
import { recordHolds, type AcceptedRecord, type DnsRecordInput } from './dns-record.input';
import { decideRecord, differs, wantedRecord } from './record-decision';
import type { RecordFacts } from './record-forecasts';

/** The intent of a write to a zone, recorded before the write is sent. */
export type EnsureIntent = {
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
};

/** Recognises the stored intent of a step `ensure_record`. */
export const isEnsureIntent = (stored: object): stored is EnsureIntent => 'op' in stored && 'others' in stored;

type EnsuredRecord = { readonly outcome: 'noop' | 'created' | 'updated'; readonly record_id: string };
type Ctx = StepContext<AcceptedRecord, EnsureIntent, EnsuredRecord>;
type Answer = StepAnswer<EnsuredRecord>;

const HAS_RECORD = 'the zone has this record already';
const WRITE_REASON = 'waiting for the DNS change to become visible';

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

  async undo(ctx: Ctx): Promise<Answer> {
    const { intent, output } = ctx;
    if (!intent || (intent.ruledOut && !intent.doubtful)) return done();
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const listed = await this.records.listByName(zone, name, type, ctx.signal);
    const unanswered = output === undefined && ctx.sinceBegunMs < intent.sentAtMs + this.config.provider.lagMs;
    if (intent.op === 'update') return this.undoUpdate(ctx, intent, listed, unanswered);
    return this.undoCreate(ctx, intent, listed, unanswered);
  }

  /** Deletes the created record by its known id, also when the list does not contain it yet. */
  private async undoCreate(ctx: Ctx, intent: EnsureIntent, listed: readonly ListedRecord[], unanswered: boolean): Promise<Answer> {
    const { others, removed = [] } = intent;
    const { dns_domain: zone } = ctx.input;
    const { pollMs } = this.config.saga;
    const createdId = ctx.output?.record_id;
    const wanted = wantedRecord(ctx.input);
    const added = listed.filter(({ id }) => !others.includes(id));
    const found = added.filter((record) => sameRecord(wanted, record, wanted)).map(({ id }) => id);
    const ours = [...new Set([...found, ...(createdId !== undefined && !removed.includes(createdId) ? [createdId] : [])])];
    const present = listed.filter(({ id }) => ours.includes(id)).map(({ id }) => id);
    if (ctx.restored && present.length > 0) return leftAfterRestore(`record ${present.join(', ')} of ${zone}`);
    const deleting = wait(pollMs, 'waiting for the DNS record to be deleted');
    for (const id of ours) {
      const answer = await this.deleteCreated(ctx, id, deleting);
      if (answer !== deleting) return answer;
    }
    if (ours.length > 0) return deleting;
    if (unanswered) return wait(pollMs, 'waiting for a DNS record from an unconfirmed create to appear');
    if (createdId === undefined && added.length > 0) return unrecognised(zone, added);
    return done();
  }

  private deleteCreated(ctx: Ctx, id: string, deleting: Wait): Promise<Answer> {
    const recordRemoved = async () => {
      if (ctx.intent) await ctx.recordIntent({ ...ctx.intent, removed: [...(ctx.intent.removed ?? []), id] });
      return deleting;
    };
    return ctx.effect('delete record', {
      find: async () => undefined, // listed, or created with this id
      send: () => this.records.delete(ctx.input.dns_domain, id, ctx.signal),
      pending: deleting,
      answered: recordRemoved,
      refused: ({ category }) => (category === 'not_found' ? recordRemoved() : undefined),
    });
  }

  private async undoUpdate(ctx: Ctx, { before }: EnsureIntent, listed: readonly ListedRecord[], unanswered: boolean): Promise<Answer> {
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const { pollMs } = this.config.saga;
    const wanted = wantedRecord(ctx.input);
    const live = listed.find(({ id }) => id === before?.id);
    if (!before || !live) return done(); // the record was deleted by another actor, and our change with it
    // A later execution reads the record again before the compensation counts as done.
    const restoring = wait(pollMs, 'waiting for the previous DNS record to become visible again');
    return ctx.effect('restore record', {
      find: async () => {
        if (sameRecord(wanted, live, before) && !differs(live, before))
          return unanswered ? wait(pollMs, 'waiting for an unconfirmed DNS change to become visible') : done();
        if (sameRecord(wanted, live, wanted)) return undefined;
        return fail({ code: 'changed_meanwhile', detail: `Record ${live.id} has data that is neither ours nor its previous data` });
      },
      writes: () => [updateOf(ctx.input, live, before)],
      send: () => this.records.update(zone, live.id, bodyOf(type, name, before), ctx.signal),
      pending: restoring,
      refused: ({ category }) => (category === 'not_found' ? restoring : undefined),
    });
  }
}

/** Ensures that one record has the wanted data. Records the previous values first, so that a compensation can restore them. [SAG-14] */
@Injectable()
export class EnsureRecordStep implements StepDefinition<AcceptedRecord, EnsureIntent, EnsuredRecord> {
  readonly name = 'ensure_record';
  readonly policy = { tries: 10 };

  constructor(
    private readonly records: DnsRecordCalls,
    private readonly compensation: DnsRecordCompensation,
    private readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = (input: DnsRecordInput, { listed }: RecordFacts) => {
    const decision = listed && decideRecord(listed, wantedRecord(input)).is;
    if (decision === 'noop') return { skipped: HAS_RECORD };
    const does =
      decision === undefined ? 'Creates or changes the record' : decision === 'create' ? 'Creates the record' : 'Changes the record';
    const undo = decision === 'create' ? 'Deletes it' : 'Restores its previous values';
    return { does, undo, calls: { min: 2, typical: 2 } };
  };

  readonly execute = async (ctx: Ctx): Promise<Answer> => {
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const { intent } = ctx;
    const listed = await this.records.listByName(zone, name, type, ctx.signal);
    const wanted = wantedRecord(ctx.input);
    const body = bodyOf(type, name, wanted);
    const decision = decideRecord(listed, wanted);
    const before = decision.is === 'update' ? decision.record : null;
    const op = before ? 'update' : 'create';
    return ctx.effect('write record', {
      find: async () => {
        const effect = intent && !intent.ruledOut ? findEffect(intent, listed, ctx.input) : undefined;
        return effect && intent ? written(intent.op, effect) : undefined;
      },
      intent: { op, before, others: listed.map(({ id }) => id), doubtful: intent?.doubtful === true || intent?.ruledOut === false },
      fields: { sentAtMs: 'sentAtMs', ruledOut: 'ruledOut' },
      writes: () => ('record' in decision ? [updateOf(ctx.input, decision.record, wanted)] : []),
      lagMs: this.config.provider.lagMs,
      instead: () => {
        if (decision.is === 'refuse') return fail({ code: decision.code, detail: decision.detail }, 'none');
        if (decision.is !== 'noop') return undefined;
        return skipped(HAS_RECORD, { outcome: 'noop', record_id: decision.record.id });
      },
      send: async () => {
        await this.guard.assertSameOwner(ctx, ctx.input.zone_id);
        return before ? this.records.update(zone, before.id, body, ctx.signal) : this.records.create(zone, body, ctx.signal);
      },
      pending: wait(this.config.saga.pollMs, WRITE_REASON),
      answered: (record) => written(op, record),
      refused: (error) => {
        const stopped = answerGuard(error, intent?.ruledOut === false);
        if (stopped) return stopped;
        return error.category === 'not_found' && before ? retry(stepErrorOf(error)) : undefined; // the record was deleted meanwhile
      },
    });
  };

  readonly compensate = (ctx: Ctx): Promise<Answer> => this.compensation.undo(ctx);
}

/** The listed record that proves that the write has happened. */
function findEffect(
  { op, before, others }: EnsureIntent,
  listed: readonly ListedRecord[],
  input: DnsRecordInput,
): ListedRecord | undefined {
  const wanted = wantedRecord(input);
  const equal = listed.filter((record) => sameRecord(wanted, record, wanted) && !differs(record, wanted));
  return op === 'update' ? equal.find(({ id }) => id === before?.id) : equal.find(({ id }) => !others.includes(id));
}

/** Describes the change of one record. */
function updateOf(input: DnsRecordInput, live: ListedRecord, to: RecordFields): TrackedWrite {
  const place = { zone: input.dns_domain, type: input.dns_record_type };
  const [target = ''] = recordHolds(input);
  return { target, object: live.id, sets: recordValues(place, to), before: recordValues(place, live) };
}

/** Fails a compensation that cannot tell whether its own create made one of the new records. [SAG-14] */
function unrecognised(zone: string, added: readonly ListedRecord[]): StepAnswer<never> {
  const found = added.map(({ id, data }) => `${id} (${data})`).join(', ');
  const detail = `The create had no answer, and ${zone} has new records of this name and type with other data: ${found}. Delete the wrong ones, then retry`;
  return fail({ code: 'other_records', detail });
}

const written = (op: EnsureIntent['op'], { id }: ListedRecord): Answer =>
  done({ outcome: op === 'create' ? 'created' : 'updated', record_id: id });
