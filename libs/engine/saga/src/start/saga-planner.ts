import { Database, type Queryable } from '#libs/database';
import type { Scope } from '#libs/identity';
import { DomainError } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import type { Forecast, PlanContent, SagaPlan } from '../definition/plan';
import type { SagaDefinition } from '../definition/saga-definition';
import { SagaHold } from '../entities/saga-hold.entity';
import { ResourceBusyError } from '../saga.errors';
import { Acceptance, type GuardedStart } from './acceptance-guard';
import { EMPTY_PLAN, planContent } from './plan-content';
import { PlanHashes } from './plan-hashes';

/** A start as it was requested, with validated input. */
export interface AskedStart extends Omit<GuardedStart, 'ownerId' | 'sagaId'> {
  /** For the platform: the owner of what the saga works on, where the kind has no `ownerOf`. That tenant sees the saga. [TEN-3] */
  readonly ownerId?: string | null;
}

/** A start that was judged by the present state: what it would store and do, or why it is refused. */
export interface JudgedStart {
  readonly kind: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** The tenant that owns what the saga works on, and sees it. */
  readonly ownerId: string | null;
  readonly steps: readonly string[];
  readonly holds: readonly string[];
  readonly plan: PlanContent;
  /** Identifies what the steps will use, without the limits. */
  readonly fingerprint: string;
  readonly refusal?: DomainError;
}

/** The categories of an error by which only the present state refuses a start: the same input may be accepted later. */
const OF_THE_STATE: readonly string[] = ['conflict', 'rate_limited'];

/** Judges starts, for their plans and before they are accepted. It writes nothing. [TNT-4] */
@Injectable()
export class SagaPlanner {
  constructor(
    private readonly database: Database,
    @InjectRepository(SagaHold) private readonly holds: Repository<SagaHold>,
    private readonly acceptance: Acceptance,
    private readonly hashes: PlanHashes,
  ) {}

  /** The plan of a start. Throws the errors that no state would change: of the input, of the access, of a missing resource. */
  async plan(definition: SagaDefinition, asked: AskedStart): Promise<SagaPlan> {
    const judged = await this.judge(definition, asked);
    const limited = judged.refusal ? judged : await this.withLimits(judged, asked);
    return this.answerOf({ ...limited, refusal: limited.refusal ?? (await this.findBusy(judged.holds)) });
  }

  /**
   * Throws like `plan`. What only the state refuses is the `refusal`. Limits and holds are no part of it: they are judged where the start
   * is written, under locks.
   */
  async judge(definition: SagaDefinition, asked: AskedStart): Promise<JudgedStart> {
    try {
      const scope: Scope = asked.tenantId === null ? { kind: 'platform' } : { kind: 'tenant', tenantId: asked.tenantId };
      const input = (await definition.prepare?.({ scope, input: asked.input })) ?? asked.input;
      const ownerId = asked.tenantId ?? asked.ownerId ?? (await definition.ownerOf?.(input)) ?? null;
      const prepared = { input, ownerId, steps: definition.plan(input), holds: [...new Set(definition.holds?.(input))].sort() };
      const forecast: Forecast = (await definition.foresee?.({ scope, input })) ?? { facts: undefined };
      const { refusal } = forecast;
      const plan = refusal ? { ...EMPTY_PLAN, holds: prepared.holds } : planContent(definition, prepared, forecast);
      return this.judged(asked, prepared, plan, refusal, definition.hashedInput?.(input));
    } catch (error) {
      if (!(error instanceof DomainError) || !OF_THE_STATE.includes(error.category)) throw error;
      return this.refused(asked, error);
    }
  }

  /** A start that is refused before anything could be foreseen. */
  refused(asked: AskedStart, refusal: DomainError): JudgedStart {
    const ownerId = asked.tenantId ?? asked.ownerId ?? null;
    return this.judged(asked, { input: asked.input, ownerId, steps: [], holds: [] }, EMPTY_PLAN, refusal);
  }

  private judged(
    { kind, tenantId }: AskedStart,
    prepared: Pick<JudgedStart, 'input' | 'ownerId' | 'steps' | 'holds'>,
    plan: PlanContent,
    refusal?: DomainError,
    hashedInput: object = prepared.input,
  ): JudgedStart {
    const fingerprint = this.hashes.fingerprint({ kind, tenantId, input: hashedInput, plan });
    return { kind, ...prepared, plan, fingerprint, ...(refusal && { refusal }) };
  }

  /** Asks the guard how the limits stand now. The lock of an accepted start is not taken, so another start may come before it. */
  async withLimits(judged: JudgedStart, { kind, tenantId, override }: AskedStart): Promise<JudgedStart> {
    const { input, ownerId } = judged;
    const start = { kind, input, tenantId, ownerId, ...(override !== undefined && { override }) };
    const { limits, approval, refusal } = await this.rolledBack((tx) => this.acceptance.judge(start, tx));
    const plan = { ...judged.plan, limits, approval: { required: approval !== undefined, why: approval?.why ?? null } };
    return { ...judged, plan, ...(refusal && { refusal }) };
  }

  /** The plan of a judged start, with a new hash. */
  async answerOf({ kind, plan, fingerprint, refusal }: JudgedStart): Promise<SagaPlan> {
    return { kind, ...(await this.hashes.issue(fingerprint, plan)), ...plan, ...(refusal && { refusal }) };
  }

  /** Whether the start is still the one of the hash. */
  isStill({ fingerprint, plan }: JudgedStart, hash: string): Promise<boolean> {
    return this.hashes.matches(hash, fingerprint, plan);
  }

  /** The first of these holds that a saga has. */
  async firstBusyOf(holds: readonly string[]): Promise<string | undefined> {
    if (holds.length === 0) return undefined;
    const busy = await this.holds.findOne({ where: { resource: In(holds) }, order: { resource: 'ASC' } });
    return busy?.resource;
  }

  /** The result of work in a transaction that leaves nothing behind, row locks included. */
  private async rolledBack<T>(work: (tx: Queryable) => Promise<T>): Promise<T> {
    const results: T[] = [];
    const end = new Error('the transaction of a plan is rolled back');
    await this.database
      .transaction(async (tx) => {
        results.push(await work(tx));
        throw end;
      })
      .catch((error: unknown) => {
        if (error !== end) throw error;
      });
    const [result] = results.slice(-1);
    if (result === undefined) throw end;
    return result;
  }

  private async findBusy(holds: readonly string[]): Promise<ResourceBusyError | undefined> {
    const resource = await this.firstBusyOf(holds);
    return resource === undefined ? undefined : new ResourceBusyError(resource);
  }
}
