import { Injectable } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import { scopeOf, type Principal } from '#libs/identity';
import { ValidationFailedError } from '#libs/kernel';
import { InventoryReader } from '#libs/inventory';
import { AdminsOnlyError } from '#libs/provisioning';
import { WakeupService } from '#libs/queues';
import {
  SagaApprovals,
  SagaControls,
  SagaNotFoundError,
  SagaReader,
  SagaRegistry,
  SagaStarter,
  SagaTimeline,
  SagaVerbs,
  StepOutputs,
  UnknownSagaKindError,
  type SagaFilters,
  type SagaTimelineView,
  type SagaView,
  type VerbRequest,
} from '#libs/saga';
import type { ListOf } from '../http/http.dto';
import type { PlanResponse } from '../http/plan.dto';
import { planResponse } from '../http/problem';
import type { OverrideBody } from '../http/http.dto';
import { InputValidationPipe } from '../http/validation.pipe';
import type { SagaBody, SagaResponse, SagasQuery } from './sagas.dto';

/** Sagas in the scope of their caller. Each change is committed first; then a worker is woken. */
@Injectable()
export class SagasService {
  constructor(
    private readonly starter: SagaStarter,
    private readonly controls: SagaControls,
    private readonly approvals: SagaApprovals,
    private readonly verbs: SagaVerbs,
    private readonly outputs: StepOutputs,
    private readonly timelines: SagaTimeline,
    private readonly reader: SagaReader,
    private readonly registry: SagaRegistry,
    private readonly validation: InputValidationPipe,
    private readonly inventory: InventoryReader,
    private readonly wakeups: WakeupService,
  ) {}

  async plan(by: Principal, body: SagaBody): Promise<PlanResponse> {
    return planResponse(await this.starter.plan(await this.askedBy(by, body)));
  }

  async start(by: Principal, body: SagaBody, because: AuditContext, idempotencyKey?: string): Promise<SagaResponse> {
    const asked = await this.askedBy(by, body);
    const id = await this.starter.start({ ...asked, idempotencyKey, planHash: body.plan_hash, because });
    await this.wakeups.wakeSagaWorkers();
    return this.get(by, id);
  }

  /** What a plan and a start have in common. */
  private async askedBy(by: Principal, body: SagaBody) {
    const { kind } = body;
    const override = overrideOf(by, body);
    const input = await this.validInput(kind, body.input);
    return { kind, input, tenantId: tenantOf(by), override };
  }

  async cancel(by: Principal, id: string, context: AuditContext): Promise<SagaResponse> {
    await this.controls.cancel(scopeOf(by), id, context);
    await this.wakeups.wakeSagaWorkers();
    return this.get(by, id);
  }

  async retry(by: Principal, id: string, body: OverrideBody, context: AuditContext): Promise<SagaResponse> {
    await this.controls.retry(scopeOf(by), id, context, overrideOf(by, body));
    await this.wakeups.wakeSagaWorkers();
    return this.get(by, id);
  }

  async approve(by: Principal, id: string, context: AuditContext): Promise<SagaResponse> {
    if (await this.outputs.isProposed(id)) await this.outputs.approve(id, context);
    else await this.approvals.approve(id, context);
    await this.wakeups.wakeSagaWorkers();
    return this.get(by, id);
  }

  async reject(by: Principal, id: string, context: AuditContext): Promise<SagaResponse> {
    if (await this.outputs.isProposed(id)) await this.outputs.reject(id, context);
    else await this.approvals.reject(id, context);
    return this.get(by, id);
  }

  async releaseHolds(by: Principal, { id, because, ...options }: VerbRequest): Promise<SagaResponse> {
    await this.controls.releaseHolds(scopeOf(by), id, because, options);
    return this.get(by, id);
  }

  /** A verb of admins; its answer is the saga after it. */
  async steer(by: Principal, id: string, verb: Promise<unknown>): Promise<SagaResponse> {
    await verb;
    await this.wakeups.wakeSagaWorkers();
    return this.get(by, id);
  }

  async redrive(by: Principal, request: VerbRequest): Promise<SagaResponse> {
    const id = await this.verbs.redrive(request);
    await this.wakeups.wakeSagaWorkers();
    return this.get(by, id);
  }

  async timeline(by: Principal, id: string): Promise<SagaTimelineView> {
    const { resource_id: resourceId } = await this.reader.get(scopeOf(by), id);
    const writers = resourceId === null ? [] : await this.inventory.writersOf(scopeOf(by), resourceId);
    return this.timelines.get(scopeOf(by), id, { resourceId, writers });
  }

  async get(by: Principal, id: string): Promise<SagaResponse> {
    const [saga] = await this.withNames(by, [await this.reader.get(scopeOf(by), id, by.sub)]);
    if (!saga) throw new SagaNotFoundError();
    return saga;
  }

  /** A list of sagas is always current: it does not depend on a sweep. */
  async list(by: Principal, query: SagasQuery): Promise<ListOf<SagaResponse>> {
    const asOf = new Date().toISOString();
    const filters = await this.filtersOf(by, query);
    const { items, next_cursor } = await this.reader.list({ scope: scopeOf(by), sub: by.sub }, filters, query);
    return { data: await this.withNames(by, items), page: { next_cursor }, as_of: asOf, completeness: {} };
  }

  /** What sagas do, and to what, by their ids: for lists that name sagas. */
  async titlesOf(by: Principal, ids: readonly string[]): Promise<Map<string, Pick<SagaResponse, 'kind' | 'target_name'>>> {
    const named = await this.withNames(by, await this.reader.many(scopeOf(by), ids));
    return new Map(named.map(({ id, kind, target_name }) => [id, { kind, target_name }]));
  }

  /** The filters of a query; a resource is worked on, or was written, by a saga. */
  async filtersOf(by: Principal, query: SagasQuery): Promise<SagaFilters> {
    const { resource_id: id } = query;
    const resource = id === undefined ? undefined : { id, writers: await this.inventory.writersOf(scopeOf(by), id) };
    return { ...query.toFilters(by), resource };
  }

  /** Adds the names of the targets: that of the resource in the inventory, else the one that the input orders. */
  private async withNames(by: Principal, sagas: readonly SagaView[]): Promise<SagaResponse[]> {
    const names = await this.inventory.namesOf(
      scopeOf(by),
      sagas.flatMap(({ resource_id: id }) => id ?? []),
    );
    return sagas.map((saga) => ({ ...saga, target_name: names.get(saga.resource_id ?? '') ?? orderedName(saga.input) }));
  }

  /** Validates the input by the class of its saga kind, before any other check of a start. */
  private async validInput(kind: string, input: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { input: metatype, internal, findProblems } = this.registry.get(kind);
    if (internal) throw new UnknownSagaKindError(kind, this.registry.startable());
    try {
      return { ...((await this.validation.transform(input, { type: 'body', metatype })) as Record<string, unknown>) };
    } catch (error) {
      if (!(error instanceof ValidationFailedError)) throw error;
      const wrong = new Set(error.errors.map(({ field }) => field));
      const others = Object.fromEntries(Object.entries(input).filter(([field]) => !wrong.has(field)));
      const more = (await findProblems?.(others)) ?? [];
      throw new ValidationFailedError([...error.errors.map(({ field, message }) => ({ field: `input.${field}`, message })), ...more]);
    }
  }
}

/** The name in the order of a droplet, or of a DNS record with its zone. */
function orderedName({ name, dns_record_name: record, dns_domain: zone }: SagaView['input']): string | null {
  if (typeof name === 'string') return name;
  if (typeof zone !== 'string' || typeof record !== 'string') return null;
  return record === '@' ? zone : record.endsWith(zone) ? record : `${record}.${zone}`;
}

function tenantOf(by: Principal): string | null {
  const scope = scopeOf(by);
  return scope.kind === 'tenant' ? scope.tenantId : null;
}

/** Throws `AdminsOnlyError` to a tenant that asks for an override. */
function overrideOf(by: Principal, body: OverrideBody): boolean {
  const override = body.requestsOverride();
  if (override && by.role === 'tenant') throw new AdminsOnlyError('override');
  return override;
}
