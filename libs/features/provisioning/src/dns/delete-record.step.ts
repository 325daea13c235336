import { CONFIG, type Config } from '#libs/config';
import { done, NEW_OBJECT, skipped, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { answerGuard, DestructionGuard } from '../protection/destruction-guard';
import { bodyOf, DnsRecordCalls, recordValues, type ListedRecord } from '../provider/dns-record-calls';
import { missingAsUndefined } from '../provider/droplet-calls';
import { recordHolds, type AcceptedRecord, type DnsRecordInput } from './dns-record.input';
import { differs, matchingRecords } from './record-decision';
import type { RecordFacts } from './record-forecasts';

type DeleteIntent = {
  /** The records with their values before the delete. */
  readonly records: readonly ListedRecord[];
  /** When a compensation last sent a create, ms since the step began. */
  readonly remadeAtMs?: number;
  /** New ids by old ids. */
  readonly remade?: Readonly<Record<string, string>>;
  /** When the deletes were sent, ms since the step began. */
  readonly sentAtMs: number;
};

/** `other_records`: the number of records of this name and type with other data, where there are any. */
type DeletedRecords =
  { readonly outcome: 'deleted'; readonly record_ids: readonly string[] } | { readonly outcome: 'noop'; readonly other_records?: number };
type Ctx = StepContext<AcceptedRecord, DeleteIntent, DeletedRecords>;
type Answer = StepAnswer<DeletedRecords>;

const DELETE_REASON = 'waiting for the DNS record to be deleted';

/**
 * Deletes the record with the given data, and its duplicates. A missing record counts as deleted. The compensation creates it again, under
 * a new id.
 */
@Injectable()
export class DeleteRecordStep implements StepDefinition<AcceptedRecord, DeleteIntent, DeletedRecords> {
  readonly name = 'delete_record';
  readonly policy = { tries: 10 };

  constructor(
    private readonly records: DnsRecordCalls,
    private readonly destruction: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = (input: DnsRecordInput, { listed }: RecordFacts) => {
    const found = listed && matchingRecords(listed, input).length;
    if (found === 0) return { skipped: 'no record of this name and type has this data' };
    const deletes = found ?? 1;
    return {
      does: `Deletes ${found === undefined ? 'the records' : found === 1 ? 'the record' : `${found} equal records`} with this data`,
      undo: 'Creates the deleted records again, under new ids',
      calls: { min: 1 + deletes, typical: 1 + deletes },
    };
  };

  readonly execute = async (ctx: Ctx): Promise<Answer> => {
    const known = ctx.intent?.records ?? [];
    const listed = await this.list(ctx);
    const found = matchingRecords(listed, ctx.input);
    const [target = ''] = recordHolds(ctx.input);
    const others = listed.map(({ id }) => id);
    const records = [...known, ...found.filter(({ id }) => !known.some((one) => one.id === id))];
    const deleted = done<DeletedRecords>({ outcome: 'deleted', record_ids: records.map(({ id }) => id) });
    return ctx.effect('delete records', {
      find: async () => {
        if (found.length > 0) return undefined;
        if (known.length > 0) return deleted;
        if (listed.length === 0) return skipped('there is no record of this name and type', { outcome: 'noop' });
        const why = `none of the ${listed.length} records of this name and type has this data`;
        return skipped(why, { outcome: 'noop', other_records: listed.length });
      },
      unrecorded: 'visible',
      intent: { records },
      fields: { sentAtMs: 'sentAtMs' }, // no lag: a DELETE by id may be sent again at once
      writes: () =>
        found.map((record) => {
          const before = { exists: true, others, ...recordValues(placeOf(ctx.input), record) };
          return { target, object: record.id, sets: { exists: false }, before };
        }),
      send: () => this.deleteAll(ctx, found),
      pending: wait(this.config.saga.pollMs, DELETE_REASON),
      answered: () => deleted,
      refused: (error) => answerGuard(error, known.length > 0),
    });
  };

  readonly compensate = async (ctx: Ctx): Promise<Answer> => {
    const { intent } = ctx;
    if (!intent) return done();
    const { dns_domain: zone, dns_record_name: name, dns_record_type: type } = ctx.input;
    const { pollMs } = this.config.saga;
    const { lagMs } = this.config.provider;
    const { records, remade = {}, sentAtMs } = intent;
    if (ctx.output === undefined && ctx.sinceBegunMs < sentAtMs + lagMs) return wait(pollMs, DELETE_REASON);
    const notRemade = records.filter(({ id }) => remade[id] === undefined);
    const listed = await this.list(ctx);
    const lost = findMissing(notRemade, matchingRecords(listed, ctx.input))[0];
    if (!lost) return done();
    const [target = ''] = recordHolds(ctx.input);
    const others = listed.map(({ id }) => id).filter((id) => !Object.values(remade).includes(id));
    const before = { others, copies: records.filter(({ id }) => !others.includes(id)).length };
    const restoring = wait(pollMs, 'waiting for the previous DNS record to become visible again');
    return ctx.effect('create record again', {
      find: async () => undefined, // the list above lacks it
      intent,
      fields: { sentAtMs: 'remadeAtMs' },
      lagMs,
      writes: () => [
        { target, object: NEW_OBJECT, sets: recordValues(placeOf(ctx.input), lost), before },
        { target, object: lost.id, sets: { exists: false }, before: { exists: false } }, // it stays deleted, and the new record replaces it
      ],
      send: () => this.records.create(zone, bodyOf(type, name, lost), ctx.signal),
      pending: wait(pollMs, 'waiting for the new DNS record to become visible'),
      unanswered: restoring,
      answered: async ({ id }) => {
        await ctx.recordIntent({ ...intent, remade: { ...remade, [lost.id]: id }, remadeAtMs: undefined });
        return restoring;
      },
      refused: ({ category }) => (category === 'not_found' ? restoring : undefined),
    });
  };

  private async deleteAll(ctx: Ctx, found: readonly ListedRecord[]): Promise<void> {
    const { input, guard, signal } = ctx;
    if (input.zone_id !== undefined) await this.destruction.assertStillAllowed(ctx, input.zone_id);
    for (const { id } of found) {
      await guard();
      await missingAsUndefined(this.records.delete(input.dns_domain, id, signal));
    }
  }

  private list({ input, signal }: Ctx): Promise<ListedRecord[]> {
    return this.records.listByName(input.dns_domain, input.dns_record_name, input.dns_record_type, signal);
  }
}

const placeOf = ({ dns_domain: zone, dns_record_type: type }: DnsRecordInput) => ({ zone, type });

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
