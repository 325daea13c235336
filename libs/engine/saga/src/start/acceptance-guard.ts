import { ADVISORY_LOCKS, textArraySql, type Queryable } from '#libs/database';
import type { DomainError } from '#libs/kernel';
import { Injectable } from '@nestjs/common';

/** What a guard knows of a start. */
export interface GuardedStart {
  readonly kind: string;
  /** The prepared input, in the form that is stored with the run. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The tenant that asks; null means the platform. */
  readonly tenantId: string | null;
  /** The tenant that owns what the saga works on; null when there is none. */
  readonly ownerId: string | null;
  /** An admin has decided that limits do not refuse this start. */
  readonly override?: boolean;
  /** An accepted run that is judged again: it is not counted as another one. */
  readonly sagaId?: string;
}

/** How a limit stands towards a start. Numbers are numbers, money is decimal text, lists of allowed words are text. */
export interface LimitReading {
  readonly limit: string;
  /** Null: no limit. */
  readonly allowed: number | string | null;
  /** By what exists. */
  readonly used: number | string;
  /** By what open sagas will still create. */
  readonly reserved: number | string;
  /** By this start. */
  readonly requested: number | string;
  readonly ok: boolean;
}

/** The judgement of a guard about one start. */
export interface Judgement {
  /** Why the start must not be accepted; undefined when it may. */
  readonly refusal?: DomainError;
  /** The limits that the start touches. */
  readonly limits: readonly LimitReading[];
  /** Set when the start waits for a decision before it runs. */
  readonly approval?: { readonly why: string };
  /** The codes of the refusals that an override has set aside, each with its limit. */
  readonly overridden?: readonly string[];
}

/**
 * Judges starts before they are accepted. The engine asks it inside the transaction that accepts them, while the owners of the starts are
 * locked, so what it counts cannot change before the commit. It writes nothing, so a plan may ask it in any transaction.
 */
export abstract class AcceptanceGuard {
  /** The guard also judges starts on what no tenant owns. */
  readonly judgesUnowned?: boolean;

  /**
   * Judges starts in order: each counts those before it that are not refused. Returns one judgement for each start. `accepting`: the starts
   * are accepted by this transaction, which may lock rows for it; a plan reads only.
   */
  abstract judgeAll(starts: readonly GuardedStart[], transaction: Queryable, accepting: boolean): Promise<readonly Judgement[]>;
}

/** No limits apply: the start works on nothing of a tenant, or the process has no guard. */
const UNLIMITED: Judgement = { limits: [] };

/** Asks the guards of this process that features have given, in their order. A start that one refuses is not shown to the next. */
@Injectable()
export class Acceptance {
  private readonly guards: AcceptanceGuard[] = [];

  /** Called by the feature that has the guard, when its module starts. */
  useGuard(guard: AcceptanceGuard): void {
    this.guards.push(guard);
  }

  /** Locks the owners of the starts until the transaction ends, and judges. Call it before any row lock. [TEN-6, TNT-2] */
  async lockAndJudge(starts: readonly GuardedStart[], transaction: Queryable): Promise<readonly Judgement[]> {
    const owners = this.ownersToLock(starts);
    if (owners.length > 0) await transaction.prepared('saga_lock_tenants', lockTenants('$1::text[]'), [owners]);
    return this.judgeLocked(starts, transaction);
  }

  /** SQL that locks the owners of the starts, for the begin of a transaction that then calls `judgeLocked`. Undefined: there is nothing to lock. */
  lockOf(starts: readonly GuardedStart[]): string | undefined {
    const owners = this.ownersToLock(starts);
    return owners.length > 0 ? lockTenants(textArraySql(owners)) : undefined;
  }

  /** Judges starts in a transaction that began with `lockOf`. [TEN-6, TNT-2] */
  judgeLocked(starts: readonly GuardedStart[], transaction: Queryable): Promise<readonly Judgement[]> {
    return this.judgeAll(starts, transaction, true);
  }

  private ownersToLock(starts: readonly GuardedStart[]): string[] {
    return this.guards.length === 0 ? [] : starts.flatMap(({ ownerId }) => (ownerId === null ? [] : [ownerId]));
  }

  /** Judges without a lock, for a plan: the answer may be out of date when it arrives. */
  async judge(start: GuardedStart, transaction: Queryable): Promise<Judgement> {
    const [judgement = UNLIMITED] = await this.judgeAll([start], transaction, false);
    return judgement;
  }

  private async judgeAll(starts: readonly GuardedStart[], transaction: Queryable, accepting: boolean): Promise<readonly Judgement[]> {
    const judged = new Map<GuardedStart, Judgement>();
    for (const guard of this.guards) {
      const asked = starts.filter((start) => !judged.get(start)?.refusal && (guard.judgesUnowned === true || start.ownerId !== null));
      const judgements = asked.length === 0 ? [] : await guard.judgeAll(asked, transaction, accepting);
      for (const [nr, start] of asked.entries()) judged.set(start, merged(judged.get(start), judgements[nr]));
    }
    return starts.map((start) => judged.get(start) ?? UNLIMITED);
  }
}

/** The judgements of two guards about one start: the first refusal and the first approval count. Pure. */
function merged(first: Judgement = UNLIMITED, second: Judgement = UNLIMITED): Judgement {
  return { ...second, ...first, limits: [...first.limits, ...second.limits] };
}

/**
 * Serialises the starts on things of these tenants until the transaction ends, in all processes. A statement counts what was committed
 * before it began, so without this lock two concurrent starts would both find the last place free. Every transaction takes the locks in the
 * order of the tenants, before any row lock, so two transactions cannot deadlock. `tenants` is SQL of an array. Fenced: it takes the locks.
 * Measured: the later statements of the transaction are planned once for a connection, not for each start.
 */
const lockTenants = (tenants: string): string => `
select pg_advisory_xact_lock(${ADVISORY_LOCKS.tenantStarts}), set_config('plan_cache_mode', 'force_generic_plan', true)
  from (select distinct tenant from unnest(${tenants}) tenant order by tenant) tenants`;
