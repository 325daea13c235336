import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Not, type EntityManager, type Repository } from 'typeorm';
import { NotificationRequest, type RequestStatus } from '../entities/dunning.entity';

export interface NotificationRequestView {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly kind: string;
  readonly subject: string;
  readonly payload: object;
  readonly status: RequestStatus;
  readonly attempts: number;
  readonly next_attempt_at: string | null;
  readonly error_code: string | null;
  readonly delivered_to: readonly string[];
  readonly created_at: string;
  readonly delivered_at: string | null;
}

export interface NewNotification {
  readonly tenantId: string | null;
  readonly kind: string;
  readonly subject: string;
  readonly payload: object;
}

export interface NotificationFilters {
  readonly tenant_id?: string;
  readonly kind?: string;
  readonly status?: RequestStatus;
  readonly delivered?: boolean;
}

/** The messages that people should get. With `RequestQueue`, which delivers them, the only writer of `notification_requests`. */
@Injectable()
export class NotificationRequests {
  constructor(@InjectRepository(NotificationRequest) private readonly requests: Repository<NotificationRequest>) {}

  /** Writes a request in the transaction of the change that it is about. */
  async request(em: EntityManager, { tenantId, kind, subject, payload }: NewNotification): Promise<void> {
    await em.insert(NotificationRequest, {
      tenantId,
      kind,
      subject,
      payload,
    });
  }

  /** Newest first. */
  async list(
    page: PageRequest,
    { tenant_id, kind, status, delivered }: NotificationFilters = {},
  ): Promise<ListAnswer<NotificationRequestView>> {
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.requests.createQueryBuilder('n').orderBy('n.id', 'DESC');
    if (tenant_id !== undefined) query.andWhere('n.tenantId = :tenant_id', { tenant_id });
    if (kind !== undefined) query.andWhere('n.kind = :kind', { kind });
    if (status !== undefined) query.andWhere('n.status = :status', { status });
    if (delivered !== undefined) query.andWhere({ deliveredAt: delivered ? Not(IsNull()) : IsNull() });
    if (before !== null) query.andWhere('n.id < :before', { before });
    const { items, next_cursor } = pageOf(await query.limit(page.limit + 1).getMany(), page.limit, ({ id }) => id);
    return { data: items.map(requestView), page: { next_cursor }, as_of: null, completeness: {} };
  }
}

const requestView = (row: NotificationRequest): NotificationRequestView => ({
  id: row.id,
  tenant_id: row.tenantId,
  kind: row.kind,
  subject: row.subject,
  payload: row.payload,
  status: row.status,
  attempts: row.attempts,
  next_attempt_at: row.status === 'waiting' ? row.nextAttemptAt.toISOString() : null,
  error_code: row.errorCode,
  delivered_to: row.deliveredTo,
  created_at: row.createdAt.toISOString(),
  delivered_at: row.deliveredAt?.toISOString() ?? null,
});
