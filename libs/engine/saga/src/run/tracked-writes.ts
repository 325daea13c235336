import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { TrackedWrite } from '../definition/effect';
import { LeaseLostError } from '../saga.errors';
import { isOpen, type SagaStatus } from '../saga.states';

/** The claimed step that writes. */
export interface WritingStep {
  readonly sagaId: string;
  readonly epoch: string;
  readonly stepIdx: number;
}

/** A write of an object that may change late, as the reaper judges it. */
export interface WrittenObject extends TrackedWrite {
  readonly id: string;
  readonly sagaId: string;
  /** The write of a compensation. */
  readonly compensating: boolean;
  readonly answered: boolean;
  readonly handled: boolean;
  readonly status: SagaStatus;
  readonly tenantId: string | null;
  /** The database was restored from a backup while the saga was open, so its ledger does not show how it ended. */
  readonly restored: boolean;
}

/**
 * The only writer of `saga_writes`: knows which writes were sent without an answer. Such a write may take effect after its saga has ended,
 * so it stays here until the lag bound and the grace period have passed. [SAG-9]
 */
@Injectable()
export class TrackedWrites {
  constructor(private readonly database: Database) {}

  /** Records writes before they are sent and checks the lease. Returns their ids. Throws `LeaseLostError`. */
  async send({ sagaId, epoch, stepIdx }: WritingStep, writes: readonly TrackedWrite[]): Promise<readonly string[]> {
    const rows = await this.database.query<{ id: string }>(SEND, [sagaId, epoch, stepIdx, JSON.stringify(writes)]);
    if (rows.length === 0) throw new LeaseLostError();
    return rows.map(({ id }) => id);
  }

  /** The provider has answered: the writes have happened, or never will. */
  async answer(ids: readonly string[]): Promise<void> {
    await this.database.query(ANSWER, [ids]);
  }

  /** Records values that a step found as wanted, where an earlier write of the object may still change them. */
  async confirm({ sagaId, epoch, stepIdx }: WritingStep, writes: readonly TrackedWrite[]): Promise<void> {
    await this.database.query(CONFIRM, [sagaId, epoch, stepIdx, JSON.stringify(writes)]);
  }

  /** All writes of the objects that an ended saga may still change and that no saga holds, oldest first. */
  async findOpen(): Promise<WrittenObject[]> {
    return this.database.query<WrittenObject>(FIND_OPEN);
  }

  /** All writes of one object, oldest first. */
  async findOf(target: string, object: string): Promise<WrittenObject[]> {
    return this.database.query<WrittenObject>(FIND_OF, [target, object]);
  }

  /** The late effect of the write was undone. An object is deleted once, so with one delete all of them have been handled. */
  async markHandled(id: string): Promise<void> {
    await this.database.query(MARK_HANDLED, [id]);
  }

  /** Adds what the write left behind to the leftovers of its saga. False when the write was handled already. */
  async report(id: string, error: { readonly code: string; readonly detail: string }): Promise<boolean> {
    const isFirst = (await this.database.query(REPORT, [id, JSON.stringify(error)])).length > 0;
    await this.markHandled(id);
    return isFirst;
  }

  /** Deletes the writes of each judged object of which every unanswered write was sent longer ago than `afterMs`. */
  async deleteExpired(judged: readonly string[], afterMs: number): Promise<void> {
    await this.database.query(DELETE_EXPIRED, [judged, afterMs]);
  }
}

/** The object of a write that creates one, and so has no id yet. */
export const NEW_OBJECT = 'new';

const ROWS = `json_to_recordset($4::json) as w(target text, object text, sets jsonb, before jsonb)`;

/** Fenced by the lease. $1 run, $2 epoch, $3 step index, $4 writes as JSON rows. */
const SEND = `
with leased as (select id, status from saga_runs where id = $1 and epoch = $2 and lease_until > clock_timestamp() for share)
insert into saga_writes (saga_id, step_idx, compensating, target, object, sets, before)
select leased.id, $3, leased.status = 'compensating', w.target, w.object, w.sets, w.before from leased, ${ROWS} returning id`;

/** Set-based: deletes the answered writes that no other write of their object can contradict, and keeps the others. $1 ids. */
const ANSWER = `
with mine as (
  select w.id, exists (select 1 from saga_writes o where o.target = w.target and o.object = w.object and o.answered_at is null
                          and not o.id = any ($1::uuid[])) as contested
    from saga_writes w where w.id = any ($1::uuid[])),
settled as (delete from saga_writes w using mine where w.id = mine.id and not mine.contested)
update saga_writes w set answered_at = clock_timestamp() from mine where w.id = mine.id and mine.contested`;

/** Set-based, and fenced by the epoch. Parameters as for the send. */
const CONFIRM = `
insert into saga_writes (saga_id, step_idx, compensating, target, object, sets, before, answered_at)
select r.id, $3, r.status = 'compensating', w.target, w.object, w.sets, w.before, clock_timestamp() from saga_runs r, ${ROWS}
 where r.id = $1 and r.epoch = $2
   and exists (select 1 from saga_writes o where o.target = w.target and o.object = w.object and o.answered_at is null)`;

const COLUMNS = `
select w.id, w.saga_id as "sagaId", w.compensating, w.target, w.object, w.sets, w.before, w.answered_at is not null as answered,
       w.handled_at is not null as handled, r.status, r.tenant_id as "tenantId", r.restored_at is not null as restored
  from saga_writes w join saga_runs r on r.id = w.saga_id`;

/** Set-based: one statement reads every object that may change late. */
const FIND_OPEN = `${COLUMNS}
 where exists (select 1 from saga_writes u join saga_runs s on s.id = u.saga_id
                where u.target = w.target and u.object = w.object and u.answered_at is null and not ${isOpen('s')})
   and not exists (select 1 from saga_holds h where h.resource = w.target)
 order by w.target, w.object, w.sent_at, w.id`;

/** Set-based: the judgement of an object needs all its writes. $1 target, $2 object. */
const FIND_OF = `${COLUMNS} where w.target = $1 and w.object = $2 order by w.sent_at, w.id`;

/** Set-based. $1 write. */
const MARK_HANDLED = `
update saga_writes w set handled_at = clock_timestamp() from saga_writes late
 where late.id = $1 and w.handled_at is null and (w.id = late.id or w.target = late.target and w.object = late.object and w.sets ? 'exists' and late.sets ? 'exists')`;

/** Fenced: the update of the write lets one of several reports count. $1 write, $2 error. */
const REPORT = `
with late as (update saga_writes set handled_at = clock_timestamp() where id = $1 and handled_at is null returning *)
update saga_runs r
   set leftovers = r.leftovers || jsonb_build_array(jsonb_build_object('step', r.steps[late.step_idx + 1], 'output', null,
         'intent', jsonb_build_object('target', late.target, 'object', late.object, 'sets', late.sets, 'before', late.before), 'error', $2::jsonb))
  from late where r.id = late.saga_id returning r.id`;

/** Set-based: deletes all expired writes at once. A held object is judged again when its saga has ended. $1 ids of judged writes, $2 age of the unanswered ones, ms. */
const DELETE_EXPIRED = `
delete from saga_writes w
 where w.id = any ($1::uuid[])
   and not exists (select 1 from saga_holds h where h.resource = w.target)
   and not exists (select 1 from saga_writes u where u.target = w.target and u.object = w.object
                      and (not u.id = any ($1::uuid[]) or u.answered_at is null and u.sent_at > clock_timestamp() - $2 * interval '1 millisecond'))`;
