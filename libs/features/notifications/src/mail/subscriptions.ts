import { AuditLog, type AuditContext } from '#libs/audit';
import { queryableOf, sql, Transaction } from '#libs/database';
import type { Principal } from '#libs/identity';
import { decodeCursor, pageOf, type ListAnswer, type PageRequest } from '#libs/kernel';
import { OutboundHttp } from '#libs/outbound-http';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, Not, type EntityManager, type Repository } from 'typeorm';
import { NotificationSubscription, type Digest } from '../entities/notification-subscription.entity';
import { SubscriptionNotFoundError } from '../notifications.errors';
import { SecretBox } from '../secret-box';

/** What a subscriber sets. A whole set, but for the address of the chat: left out, it stays, because no answer contains it. */
export interface SubscriptionFields {
  readonly email: string | null;
  /** Undefined: unchanged. */
  readonly chat_url: string | null | undefined;
  readonly types: readonly string[];
  readonly digest: Digest;
}

/** A subscription as the API returns it. */
export interface SubscriptionView {
  readonly email: string | null;
  /** The host of the chat; its address is a secret. */
  readonly chat_host: string | null;
  readonly types: readonly string[];
  readonly digest: Digest;
  readonly changed_by: string | null;
  readonly changed_at: string | null;
}

/** A subscription in the list of all. */
export interface OwnedSubscription extends SubscriptionView {
  /** `admin <sub>` or `tenant <id>`. */
  readonly owner: string;
  /** Null for one of an admin. */
  readonly tenant_id: string | null;
}

export const SUBSCRIBER_ROLES = ['platform_admin', 'tenant'] as const;
export type SubscriberRole = (typeof SUBSCRIBER_ROLES)[number];

export interface SubscriptionFilters {
  readonly role?: SubscriberRole;
  readonly tenant_id?: string;
  /** A part of the owner, of the mail address or of the host of the chat. */
  readonly q?: string;
}

const OWNER = /^(admin|tenant) [^\p{Cc}\p{Cs}]{1,1000}$/u;
/** True for a text that may be the owner of a subscription. */
export const isSubscriber = (text: string): boolean => OWNER.test(text);

const EMPTY: SubscriptionView = { email: null, chat_host: null, types: [], digest: 'at_once', changed_by: null, changed_at: null };

export const chatPlace = (owner: string): string => `chat of ${owner}`;

/** Who is notified of events by mail and chat: each admin for itself, each tenant as a whole. The only writer of `notification_subscriptions`. */
@Injectable()
export class Subscriptions {
  constructor(
    @InjectRepository(NotificationSubscription) private readonly subscriptions: Repository<NotificationSubscription>,
    private readonly transaction: Transaction,
    private readonly audit: AuditLog,
    private readonly outbound: OutboundHttp,
    private readonly box: SecretBox,
  ) {}

  async get(by: Principal): Promise<SubscriptionView> {
    const found = await this.subscriptions.findOneBy({ owner: ownerOf(by) });
    return found ? subscriptionView(found) : EMPTY;
  }

  /** Throws `OutboundAddressError` and `SecretsKeyMissingError` for the address of a chat. */
  async replace(by: Principal, fields: SubscriptionFields, because: AuditContext): Promise<SubscriptionView> {
    const { email, chat_url, digest } = fields;
    if (typeof chat_url === 'string') this.outbound.assertAllowed(chat_url);
    const owner = ownerOf(by);
    const tenantId = by.tenantId ?? null;
    return this.transaction.run(async (em) => {
      const [place] = await sql<{ last: string }>(em, LAST_SEQUENCE);
      const set = { email, ...this.chatOf(owner, chat_url), types: [...fields.types], digest, changedBy: because.by.sub, changedAt: now };
      const inserted = await em
        .createQueryBuilder()
        .insert()
        .into(NotificationSubscription)
        .values({ owner, tenantId, afterSequence: place?.last ?? '0', ...set })
        .orIgnore()
        .returning('owner')
        .updateEntity(false)
        .execute();
      if ((inserted.raw as unknown[]).length === 0) await em.update(NotificationSubscription, { owner }, set);
      const view = subscriptionView(await em.findOneByOrFail(NotificationSubscription, { owner }));
      const { changed_by: _by, changed_at: _at, ...details } = view;
      const target = { type: 'notification_subscription', id: owner };
      await this.audit.record(queryableOf(em), {
        ...because,
        action: 'notifications_set',
        target,
        details: { tenant_id: tenantId, ...details },
      });
      return view;
    });
  }

  /** Those of all admins and tenants, by their owner. Throws `InvalidCursorError`. */
  async list({ role, tenant_id, q }: SubscriptionFilters, page: PageRequest): Promise<ListAnswer<OwnedSubscription>> {
    const after = decodeCursor(page.cursor, OWNER);
    const query = this.subscriptions.createQueryBuilder('s');
    if (role !== undefined) query.andWhere(role === 'tenant' ? 's.tenant_id is not null' : 's.tenant_id is null');
    if (tenant_id !== undefined) query.andWhere('s.tenant_id = :tenant_id', { tenant_id });
    if (q !== undefined)
      query.andWhere('(s.owner ilike :q or s.email ilike :q or s.chat_host ilike :q)', { q: `%${q.replace(/[\\%_]/g, '\\$&')}%` });
    if (after !== null) query.andWhere('s.owner > :after', { after });
    const found = await query
      .orderBy('s.owner')
      .limit(page.limit + 1)
      .getMany();
    const { items, next_cursor } = pageOf(found, page.limit, ({ owner }) => owner);
    return { data: items.map(ownedView), page: { next_cursor }, as_of: new Date().toISOString(), completeness: {} };
  }

  /** Ends the subscription of an admin or a tenant. The messages that wait for it are not sent. Throws `SubscriptionNotFoundError`. */
  async end(owner: string, because: AuditContext): Promise<OwnedSubscription> {
    return this.transaction.run(async (em) => {
      const found = await em.findOne(NotificationSubscription, { where: { owner }, lock: { mode: 'pessimistic_write' } });
      if (!found) throw new SubscriptionNotFoundError();
      await em.delete(NotificationSubscription, { owner });
      const view = ownedView(found);
      const { owner: _owner, changed_by: _by, changed_at: _at, ...details } = view;
      const target = { type: 'notification_subscription', id: owner };
      await this.audit.record(queryableOf(em), { ...because, action: 'notifications_ended', target, details });
      return view;
    });
  }

  /** Encrypts the addresses of some chats with the first key of `SECRETS_KEY`. */
  async encryptAnew(most: number): Promise<void> {
    if (!this.box.configured) return;
    const { keyId } = this.box;
    const stale = await this.subscriptions.find({ where: { keyId: Not(keyId), chatSealed: Not(IsNull()) }, take: most });
    for (const { owner, chatSealed } of stale) {
      if (chatSealed === null) continue;
      const sealed = this.box.seal(this.box.open(chatSealed, chatPlace(owner)), chatPlace(owner));
      await this.transaction.run((em: EntityManager) =>
        em.update(NotificationSubscription, { owner, chatSealed }, { chatSealed: sealed, keyId }),
      );
    }
  }

  private chatOf(owner: string, url: string | null | undefined): Partial<NotificationSubscription> {
    if (url === undefined) return {};
    if (url === null) return { chatSealed: null, chatHost: null, keyId: null };
    return { chatSealed: this.box.seal(url, chatPlace(owner)), chatHost: new URL(url).host, keyId: this.box.keyId };
  }
}

/** SQL: the place in the feed, read in the same transaction. */
const LAST_SEQUENCE = 'select coalesce((select last_sequence from event_sequencer), 0)::text as last';

const now = () => 'clock_timestamp()';

const ownerOf = ({ role, sub, tenantId }: Principal): string => (role === 'tenant' ? `tenant ${tenantId}` : `admin ${sub}`);

const ownedView = (found: NotificationSubscription): OwnedSubscription => ({
  owner: found.owner,
  tenant_id: found.tenantId,
  ...subscriptionView(found),
});

function subscriptionView({ email, chatHost, types, digest, changedBy, changedAt }: NotificationSubscription): SubscriptionView {
  return { email, chat_host: chatHost, types, digest, changed_by: changedBy, changed_at: changedAt.toISOString() };
}
