import type { AuditContext } from '#libs/audit';
import { Database, sql, TenantTransaction, Transaction, type RetentionRule } from '#libs/database';
import type { Scope } from '#libs/identity';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { EntityManager, ObjectLiteral, Repository } from 'typeorm';
import { FAN_OUT, OLD_DELIVERIES, OLD_MESSAGES, REPLAY, WEBHOOKS_ARE_DUE } from '../delivery/deliveries.sql';
import { WebhookDelivery, type DeliveryStatus } from '../entities/webhook-delivery.entity';
import { WebhookDeliveryNotFoundError, WebhookNotActiveError } from '../notifications.errors';
import { WebhookEndpoints } from './webhook-endpoints';
import { TEST_TYPE } from './webhook-message';

/** Events of one replay. */
export const MOST_REPLAYED = 1_000;
const EVENTS_PER_STATEMENT = 1_000;
const KEPT_DAYS = 30;

export interface DeliveryFilters {
  readonly status?: DeliveryStatus;
  readonly types?: readonly string[];
  readonly since?: string;
  readonly until?: string;
}

/** A delivery as the API returns it. */
export interface DeliveryView {
  readonly id: string;
  readonly webhook_id: string;
  readonly sequence: number | null;
  readonly type: string;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly next_attempt_at: string | null;
  readonly last_attempt_at: string | null;
  readonly last_status: number | null;
  readonly last_ms: number | null;
  readonly error_code: string | null;
  readonly created_at: string;
  readonly finished_at: string | null;
}

/** What is delivered to endpoints, and what people do about it. The only writer of `webhook_deliveries` and its cursor, with `delivery/`. */
@Injectable()
export class WebhookDeliveries {
  constructor(
    @InjectRepository(WebhookDelivery) private readonly deliveries: Repository<WebhookDelivery>,
    private readonly endpoints: WebhookEndpoints,
    private readonly database: Database,
    private readonly transaction: Transaction,
    private readonly tenants: TenantTransaction,
  ) {}

  /** Writes the deliveries and messages of all new events. Returns the number of events. Any number of processes may call it. [WHK-1] */
  async fanOut(signal?: AbortSignal): Promise<number> {
    for (let events = 0; ;) {
      const [batch] = await this.database.query<{ read: number }>(FAN_OUT, [EVENTS_PER_STATEMENT]);
      events += batch?.read ?? 0;
      if ((batch?.read ?? 0) < EVENTS_PER_STATEMENT || signal?.aborted) return events;
    }
  }

  async areDue(): Promise<boolean> {
    const [row] = await this.database.query<{ due: boolean }>(WEBHOOKS_ARE_DUE);
    return row?.due ?? false;
  }

  /** Newest first. Throws `WebhookNotFoundError` and `InvalidCursorError`. */
  async list(scope: Scope, endpointId: string, filters: DeliveryFilters, page: PageRequest): Promise<ListAnswer<DeliveryView>> {
    const before = decodeCursor(page.cursor, UUID_KEY);
    await this.endpoints.find(scope, endpointId);
    const { status, types, since, until } = filters;
    const found = await this.inScope(scope, (em) => {
      const query = em.createQueryBuilder(WebhookDelivery, 'd').where('d.endpoint_id = :endpointId', { endpointId });
      if (status !== undefined) query.andWhere('d.status = :status', { status });
      if (types !== undefined) query.andWhere('d.type = any (:types)', { types });
      if (since !== undefined) query.andWhere('d.created_at >= :since', { since });
      if (until !== undefined) query.andWhere('d.created_at < :until', { until });
      if (before !== null) query.andWhere('d.id < :before', { before });
      return query
        .orderBy('d.id', 'DESC')
        .limit(page.limit + 1)
        .getMany();
    });
    const { items, next_cursor } = pageOf(found, page.limit, ({ id }) => id);
    return { data: items.map(deliveryView), page: { next_cursor }, as_of: new Date().toISOString(), completeness: {} };
  }

  /** Sends a message that is no event. Throws `WebhookNotFoundError` and `WebhookNotActiveError`. */
  test(scope: Scope, endpointId: string, because: AuditContext): Promise<DeliveryView> {
    return this.transaction.run(async (em) => {
      const endpoint = await this.endpoints.locked(em, scope, endpointId);
      if (endpoint.status !== 'active') throw new WebhookNotActiveError(endpoint.status);
      const inserted = await em.insert(WebhookDelivery, { endpointId, tenantId: endpoint.tenantId, type: TEST_TYPE });
      await this.endpoints.record(em, 'webhook_tested', endpoint, because);
      return deliveryView(await em.findOneByOrFail(WebhookDelivery, { id: idOf(inserted.identifiers) }));
    });
  }

  /** Sends one message once more, with all its attempts. Throws `WebhookDeliveryNotFoundError` and `WebhookNotActiveError`. */
  resend(scope: Scope, id: string, because: AuditContext): Promise<DeliveryView> {
    return this.transaction.run(async (em) => {
      const delivery = await em.findOneBy(WebhookDelivery, { id, ...(scope.kind === 'tenant' && { tenantId: scope.tenantId }) });
      if (!delivery) throw new WebhookDeliveryNotFoundError();
      const endpoint = await this.endpoints.locked(em, scope, delivery.endpointId);
      if (endpoint.status !== 'active') throw new WebhookNotActiveError(endpoint.status);
      const now = () => 'clock_timestamp()';
      await em.update(WebhookDelivery, { id }, { status: 'pending', attempts: 0, nextAttemptAt: now, leaseUntil: null, finishedAt: null });
      await this.endpoints.record(em, 'webhook_delivery_resent', endpoint, because, { delivery_id: id });
      return deliveryView(await em.findOneByOrFail(WebhookDelivery, { id }));
    });
  }

  /**
   * Sends the first 1,000 events since a time once more, also those that the endpoint missed while it was disabled. Throws
   * `WebhookNotFoundError` and `WebhookNotActiveError`.
   */
  replay(scope: Scope, endpointId: string, since: string, because: AuditContext): Promise<{ readonly replayed: number }> {
    return this.transaction.run(async (em) => {
      const endpoint = await this.endpoints.locked(em, scope, endpointId);
      if (endpoint.status !== 'active') throw new WebhookNotActiveError(endpoint.status);
      const replayed = (await sql(em, REPLAY, [endpointId, since, MOST_REPLAYED])).length;
      await this.endpoints.record(em, 'webhook_replayed', endpoint, because, { since, replayed });
      return { replayed };
    });
  }

  private inScope<T>(scope: Scope, work: (em: EntityManager) => Promise<T>): Promise<T> {
    return scope.kind === 'tenant' ? this.tenants.run(scope.tenantId, work) : work(this.deliveries.manager);
  }
}

export const notificationRetention = (): RetentionRule[] => [
  { what: 'webhook_deliveries', remove: OLD_DELIVERIES, values: [KEPT_DAYS] },
  { what: 'notification_messages', remove: OLD_MESSAGES, values: [KEPT_DAYS] },
];

const idOf = ([identifier]: readonly ObjectLiteral[]): string => String(identifier?.['id']);

function deliveryView(delivery: WebhookDelivery): DeliveryView {
  const { id, sequence, type, status, attempts } = delivery;
  return {
    id,
    webhook_id: delivery.endpointId,
    sequence: sequence === null ? null : Number(sequence),
    type,
    status,
    attempts,
    next_attempt_at: status === 'pending' ? delivery.nextAttemptAt.toISOString() : null,
    last_attempt_at: delivery.lastAttemptAt?.toISOString() ?? null,
    last_status: delivery.lastStatus,
    last_ms: delivery.lastMs,
    error_code: delivery.errorCode,
    created_at: delivery.createdAt.toISOString(),
    finished_at: delivery.finishedAt?.toISOString() ?? null,
  };
}
