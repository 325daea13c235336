import { Transaction } from '#libs/database';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Not, type EntityManager, type Repository } from 'typeorm';
import { NotificationRequest } from '../entities/dunning.entity';

export interface NotificationRequestView {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly kind: string;
  readonly subject: string;
  readonly payload: object;
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
  readonly delivered?: boolean;
}

/** What people should be told: the only writer of `notification_requests`. Whoever delivers them reads `waiting` and marks each. */
@Injectable()
export class NotificationRequests {
  constructor(
    @InjectRepository(NotificationRequest) private readonly requests: Repository<NotificationRequest>,
    private readonly transaction: Transaction,
  ) {}

  /** In the transaction of what it tells about. */
  async request(em: EntityManager, { tenantId, kind, subject, payload }: NewNotification): Promise<void> {
    await em.insert(NotificationRequest, {
      tenantId,
      kind,
      subject,
      payload,
    });
  }

  /** Newest first. */
  async list(page: PageRequest, { tenant_id, kind, delivered }: NotificationFilters = {}): Promise<ListAnswer<NotificationRequestView>> {
    const before = decodeCursor(page.cursor, UUID_KEY);
    const query = this.requests.createQueryBuilder('n').orderBy('n.id', 'DESC');
    if (tenant_id !== undefined) query.andWhere('n.tenantId = :tenant_id', { tenant_id });
    if (kind !== undefined) query.andWhere('n.kind = :kind', { kind });
    if (delivered !== undefined) query.andWhere({ deliveredAt: delivered ? Not(IsNull()) : IsNull() });
    if (before !== null) query.andWhere('n.id < :before', { before });
    const { items, next_cursor } = pageOf(await query.limit(page.limit + 1).getMany(), page.limit, ({ id }) => id);
    return { data: items.map(requestView), page: { next_cursor }, as_of: null, completeness: {} };
  }

  /** The oldest requests that are not delivered. */
  async waiting(limit: number): Promise<NotificationRequestView[]> {
    const rows = await this.requests.find({ where: { deliveredAt: IsNull() }, order: { id: 'ASC' }, take: limit });
    return rows.map(requestView);
  }

  /** False when it was delivered before. */
  async markDelivered(id: string): Promise<boolean> {
    return this.transaction.run(async (em) => {
      const { affected } = await em.update(NotificationRequest, { id, deliveredAt: IsNull() }, { deliveredAt: () => 'clock_timestamp()' });
      return affected === 1;
    });
  }
}

const requestView = (row: NotificationRequest): NotificationRequestView => ({
  id: row.id,
  tenant_id: row.tenantId,
  kind: row.kind,
  subject: row.subject,
  payload: row.payload,
  created_at: row.createdAt.toISOString(),
  delivered_at: row.deliveredAt?.toISOString() ?? null,
});
