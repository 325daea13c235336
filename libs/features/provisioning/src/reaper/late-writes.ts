import { ProjectMembershipRepository } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { errorCode } from '#libs/kernel';
import { counter } from '#libs/observability';
import { NEW_OBJECT, ResourceBusyError, SagaQueries, SagaReader, SagaStarter, TrackedWrites, type WrittenObject } from '#libs/saga';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { recordPlaceOf } from '../dns/dns-record.input';
import { DnsRecordCalls, recordValues } from '../provider/dns-record-calls';
import { DropletCalls, dropletValues, missingAsUndefined } from '../provider/droplet-calls';
import { NewAddresses } from '../products/reserve-ip.step';
import { productOf } from '../products/product-runner';
import { ProductCalls } from '../provider/product-calls';
import { PROJECT_FIELD, ProjectCalls } from '../provider/project-calls';
import { isUndoable, findLateWrites, recordOf, same, SET_FIELD, type JudgedWrite, type LateWrite, type Values } from './find-late-writes';
import { OrphanRepository } from './orphan.repository';

export const UNDO_LATE_WRITE = 'undo_late_write';

const PRODUCT_FIELDS = ['droplet_id', 'size_gigabytes', 'droplet', 'inbound_rules', 'outbound_rules', 'address'];

const lateWrites = counter(
  'arcadia_late_writes_total',
  'Writes to the provider that took effect after their saga had ended, by what became of them',
  ['field', 'outcome'],
  ['data', 'exists', 'power', 'size_slug', 'backups', 'name', 'tag', PROJECT_FIELD, ...PRODUCT_FIELDS].map((field) => ({
    field,
    outcome: 'reported',
  })),
);

/**
 * Watches the writes that were sent without an answer until the lag bound and the grace period have passed. A write that takes effect late
 * is undone by a saga of its own, which holds the object, where nothing is lost by that. Any other one is reported among the leftovers of
 * its saga. [SAG-9, SAG-14]
 */
@Injectable()
export class LateWrites {
  private readonly log = new Logger('Reaper');

  constructor(
    private readonly writes: TrackedWrites,
    private readonly starter: SagaStarter,
    private readonly sagas: SagaReader,
    private readonly queries: SagaQueries,
    private readonly orphans: OrphanRepository,
    private readonly records: DnsRecordCalls,
    private readonly droplets: DropletCalls,
    private readonly products: ProductCalls,
    private readonly addresses: NewAddresses,
    private readonly projects: ProjectCalls,
    private readonly memberships: ProjectMembershipRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Whether any object may change late. Asks only the database. */
  async areAwaited(): Promise<boolean> {
    return (await this.writes.findOpen()).length > 0;
  }

  /** Judges every object once. An object that cannot be read now is judged in the next round. Returns the number of late writes. */
  async round(): Promise<number> {
    const objects = new Map<string, WrittenObject[]>();
    for (const write of await this.writes.findOpen()) {
      const key = JSON.stringify([write.target, write.object]);
      objects.set(key, [...(objects.get(key) ?? []), write]);
    }
    const { signal } = new AbortController();
    const judged: string[] = [];
    let found = 0;
    for (const writes of objects.values()) {
      try {
        const late = await this.judgeAll(writes, signal);
        for (const one of late) await this.handle(one);
        for (const write of writes.filter(isUnansweredCreate)) {
          await this.deleteCopies(write, signal);
          if (isFirstOfSaga(write, writes)) found += await this.reportAddresses(write, signal);
        }
        found += late.length;
        if (late.length === 0) judged.push(...writes.map(({ id }) => id));
      } catch (error) {
        this.log.warn({ event: 'late_write_check_failed', target: writes[0]?.target, code: errorCode(error) });
      }
    }
    await this.writes.deleteExpired(judged, this.config.provider.lagMs + this.config.saga.reaperGraceMs);
    return found;
  }

  /** The late write with this id, judged again; undefined when the object has its expected values by now. */
  async judge({ target, object, write_id }: LateWriteOrder, signal: AbortSignal): Promise<LateWrite | undefined> {
    const late = await this.judgeAll(await this.writes.findOf(target, object), signal);
    return late.find(({ write }) => write.id === write_id);
  }

  private async judgeAll(writes: readonly WrittenObject[], signal: AbortSignal): Promise<JudgedWrite[]> {
    const [first] = writes;
    if (!first || first.object === NEW_OBJECT) return [];
    const read = await this.readObject(first, signal);
    if (!read) return [];
    const unset = writes.flatMap(({ sets }) => Object.keys(sets)).filter((field) => SET_FIELD.test(field));
    const live = { ...Object.fromEntries(unset.map((field) => [field, false])), ...read.values };
    const found = [...findLateWrites(writes, live), ...(await this.findLateMoves(writes))];
    return found.map((late) => ({ ...late, writes, siblings: read.siblings }));
  }

  /**
   * No saga moves a resource out of a project, but people do. A move by a saga that takes effect after theirs changes the owner of the
   * resource back. The mirror of the projects knows theirs; the provider's list shows where the resource is now.
   */
  private async findLateMoves(writes: readonly WrittenObject[]): Promise<LateWrite[]> {
    const write = writes.findLast(({ answered, handled, sets }) => !answered && !handled && PROJECT_FIELD in sets);
    if (!write) return [];
    const uuid = String(write.sets[PROJECT_FIELD]);
    const [kind = '', providerId = ''] = write.target.split(':');
    const expected = await this.memberships.projectAfterLeaving(uuid, { kind, providerId });
    if (expected === undefined) return [];
    const members = await this.projects.listMembers(uuid);
    const isBack = members.some(({ urn, status }) => urn === `do:${write.target}` && status !== 'not_found');
    return isBack ? [{ write, live: { [PROJECT_FIELD]: uuid }, expected: { [PROJECT_FIELD]: expected } }] : [];
  }

  /** The values of the object now; undefined when there is no such object, so that nothing of it can be wrong. */
  private async readObject(
    { target, object }: WrittenObject,
    signal: AbortSignal,
  ): Promise<{ readonly values: Values; readonly siblings: readonly string[] } | undefined> {
    const place = recordPlaceOf(target);
    if (place) {
      const listed = await this.records.listByName(place.zone, place.name, place.type, signal);
      const record = listed.find(({ id }) => id === object);
      const values = record ? { exists: true, ...recordValues(place, record) } : { exists: false };
      return { values, siblings: listed.map(({ id }) => id) };
    }
    const product = productOf(target);
    if (product) {
      const live = await this.products.get(product.kind, product.id, signal);
      return live && { values: live.values, siblings: [] };
    }
    const droplet = await this.droplets.get(target.replace(/^droplet:/, ''), signal);
    return droplet && { values: dropletValues(droplet), siblings: [] };
  }

  private async handle(late: JudgedWrite): Promise<void> {
    const { write, expected } = late;
    const outcome = isUndoable(late) ? await this.undo(late) : 'reported';
    if (outcome === undefined) return; // the saga that undoes it runs, or another one holds the object
    await this.announce(
      write,
      Object.keys(expected),
      outcome,
      `A write without an answer took effect after its saga had ended: ${described(late)}`,
    );
  }

  /** False when the write was reported already. */
  private async announce(write: WrittenObject, fields: readonly string[], outcome: 'undone' | 'reported', detail: string): Promise<boolean> {
    if (outcome === 'reported' && !(await this.writes.report(write.id, { code: 'late_write', detail }))) return false;
    for (const field of fields) lateWrites.inc({ field: field.replace(/:.*/, ''), outcome });
    const line = { saga_id: write.sagaId, target: write.target, object: write.object, detail };
    if (outcome === 'reported') this.log.error({ event: 'late_write_reported', ...line });
    else this.log.warn({ event: 'late_write_found', ...line });
    return true;
  }

  /**
   * Deletes the records that a compensation created more often than it had to, because a create took effect late. Which of equal records
   * stays makes no difference, unless one is the result of another saga. [SAG-14]
   */
  private async deleteCopies({ target, sagaId, sets, before }: WrittenObject, signal: AbortSignal): Promise<void> {
    const place = recordPlaceOf(target);
    const { others, copies } = before;
    if (!place || !Array.isArray(others)) return;
    const listed = await this.records.listByName(place.zone, place.name, place.type, signal);
    const created = listed.filter((record) => {
      const values = recordValues(place, record);
      return !others.includes(record.id) && Object.entries(sets).every(([field, value]) => same(values[field], value));
    });
    const ids = created.map(({ id }) => id).sort((a, b) => Number(BigInt(a) - BigInt(b)));
    const results = await this.queries.outputsOfOtherSagas(sagaId, 'ensure_record', 'record_id', ids);
    for (const id of ids.slice(Number(copies)).filter((one) => !results.has(one))) {
      const orphan = { kind: 'dns_record', providerId: id, sagaId, reason: 'duplicate', destroy: true } as const;
      await this.orphans.add(orphan);
      this.log.warn({ event: 'orphan_found', kind: orphan.kind, provider_id: id, saga_id: sagaId, reason: orphan.reason, destroyed: true });
      await missingAsUndefined(this.records.delete(place.zone, id, signal));
      await this.orphans.markDeleteRequested(orphan);
    }
  }

  /**
   * Reports the addresses that appeared since a request without an answer. They carry no mark, so a person may have reserved them, and nothing
   * is released. Returns the number of reports. [SAG-6]
   */
  private async reportAddresses(write: WrittenObject, signal: AbortSignal): Promise<number> {
    const { known } = write.before;
    if (!Array.isArray(known) || write.handled) return 0;
    const left = await this.addresses.list(write.target, known, signal);
    if (left.length === 0) return 0;
    const detail = `A request for an address had no answer, and later ${left.join(', ')} appeared: release what nobody else has reserved`;
    return (await this.announce(write, ['address'], 'reported', detail)) ? 1 : 0;
  }

  /** Starts the saga that undoes the write, once for each state of the object. Undefined while it runs, or while it cannot start. */
  private async undo({ write, writes, expected }: JudgedWrite): Promise<'undone' | 'reported' | undefined> {
    const { target, object, id, sagaId } = write;
    const values = 'exists' in expected ? { ...recordOf(write, writes), exists: true } : expected;
    const input: LateWriteOrder = { target, object, write_id: id, values };
    const because = { by: { sub: 'reaper', role: 'service' }, reason: `undoes a late write of saga ${sagaId}` };
    const start = { kind: UNDO_LATE_WRITE, input: { ...input }, tenantId: null, because, details: { saga_id: sagaId } };
    try {
      const saga = await this.starter.start({ ...start, idempotencyKey: `late/${id}/${writes.at(-1)?.id ?? id}` });
      const { status } = await this.sagas.get({ kind: 'platform' }, saga);
      if (status === 'pending') return 'undone';
      return status === 'running' || status === 'compensating' ? undefined : 'reported';
    } catch (error) {
      if (error instanceof ResourceBusyError) return undefined;
      throw error;
    }
  }
}

/** The input of the saga that undoes a late write. */
export interface LateWriteOrder {
  readonly target: string;
  readonly object: string;
  readonly write_id: string;
  /** The values that the object gets. */
  readonly values: Values;
}

/** A saga that repeats a create asks for the same thing. */
const isFirstOfSaga = (write: WrittenObject, writes: readonly WrittenObject[]): boolean =>
  writes.find(({ sagaId }) => sagaId === write.sagaId) === write;
const isUnansweredCreate = ({ object, answered }: WrittenObject): boolean => object === NEW_OBJECT && !answered;

function described({ write, live, expected }: LateWrite): string {
  const place = recordPlaceOf(write.target);
  const object = place ? `record ${write.object} (${place.type} ${place.name}) of ${place.zone}` : write.target.replace(':', ' ');
  const fields = Object.keys(expected).map(
    (field) => `${field} is ${JSON.stringify(live[field] ?? null)}, expected ${JSON.stringify(expected[field])}`,
  );
  return `${object}: ${fields.join('; ')}`;
}
