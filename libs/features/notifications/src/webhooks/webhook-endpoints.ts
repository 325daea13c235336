import { AuditLog, type AuditContext } from '#libs/audit';
import { lockTransaction, queryableOf, sql, TenantTransaction, Transaction } from '#libs/database';
import type { Scope } from '#libs/identity';
import { decodeCursor, pageOf, UUID_KEY, type ListAnswer, type PageRequest } from '#libs/kernel';
import { OutboundHttp } from '#libs/outbound-http';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, IsNull, type EntityManager, type QueryDeepPartialEntity, type Repository } from 'typeorm';
import { WebhookEndpoint, type EndpointStatus, type SealedSecret } from '../entities/webhook-endpoint.entity';
import { TooManyWebhooksError, WebhookNotFoundError } from '../notifications.errors';
import { SecretBox } from '../secret-box';
import { newWebhookSecret } from './webhook-message';

/** Endpoints of one tenant, and of all platform admins together. */
const MOST_PER_TENANT = 10;
const MOST_OF_PLATFORM = 50;
/** Secrets that sign at the same time. */
const MOST_SECRETS = 3;

export interface WebhookFields {
  readonly url: string;
  readonly types: readonly string[];
  readonly description: string | null;
}

export interface WebhookFilters {
  readonly status?: EndpointStatus;
  readonly tenant_id?: string;
}

/** An endpoint as the API returns it: without its secrets. */
export interface WebhookView extends WebhookFields {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly status: EndpointStatus;
  readonly status_reason: string | null;
  /** The number of secrets that sign now. */
  readonly signing_secrets: number;
  readonly failing_since: string | null;
  readonly last_success_at: string | null;
  /** The begin of the last pause. */
  readonly paused_at: string | null;
  /** Events that came during the last pause. */
  readonly skipped_while_paused: number;
  readonly created_by: string;
  readonly created_at: string;
  readonly changed_at: string;
}

/** An endpoint with the secret that no later answer contains. [WHK-3] */
export type WebhookWithSecret = WebhookView & { readonly secret: string };

export const placeOf = (id: string): string => `webhook ${id}`;

const now = () => 'clock_timestamp()';

/** Endpoints of webhooks: of platform admins, which hear of everything, and of tenants. A tenant reads and changes its own only. */
@Injectable()
export class WebhookEndpoints {
  constructor(
    @InjectRepository(WebhookEndpoint) private readonly endpoints: Repository<WebhookEndpoint>,
    private readonly transaction: Transaction,
    private readonly tenants: TenantTransaction,
    private readonly audit: AuditLog,
    private readonly outbound: OutboundHttp,
    private readonly box: SecretBox,
  ) {}

  /** Newest first. Throws `InvalidCursorError`. */
  async list(scope: Scope, { status, tenant_id }: WebhookFilters, page: PageRequest): Promise<ListAnswer<WebhookView>> {
    const before = decodeCursor(page.cursor, UUID_KEY);
    const tenantId = scope.kind === 'tenant' ? scope.tenantId : tenant_id;
    const found = await this.inScope(scope, (em) => {
      const query = em.createQueryBuilder(WebhookEndpoint, 'e');
      if (tenantId !== undefined) query.andWhere('e.tenant_id = :tenantId', { tenantId });
      if (status !== undefined) query.andWhere('e.status = :status', { status });
      if (before !== null) query.andWhere('e.id < :before', { before });
      return query
        .orderBy('e.id', 'DESC')
        .limit(page.limit + 1)
        .getMany();
    });
    const { items, next_cursor } = pageOf(found, page.limit, ({ id }) => id);
    return { data: items.map(webhookView), page: { next_cursor }, as_of: new Date().toISOString(), completeness: {} };
  }

  /** By id: the description, or the address without one. For platform admins only. */
  async namesOf(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const found = await this.endpoints.find({ where: { id: In([...new Set(ids)]) }, select: { id: true, description: true, url: true } });
    return new Map(found.map(({ id, description, url }) => [id, description ?? url]));
  }

  /** Throws `WebhookNotFoundError`. */
  async get(scope: Scope, id: string): Promise<WebhookView> {
    return webhookView(await this.find(scope, id));
  }

  /** Throws `WebhookNotFoundError`. */
  async find(scope: Scope, id: string): Promise<WebhookEndpoint> {
    const found = await this.inScope(scope, (em) => em.findOneBy(WebhookEndpoint, { id, ...ownedBy(scope) }));
    if (!found) throw new WebhookNotFoundError();
    return found;
  }

  /** Throws `OutboundAddressError`, `TooManyWebhooksError` and `SecretsKeyMissingError`. */
  async create(scope: Scope, fields: WebhookFields, because: AuditContext): Promise<WebhookWithSecret> {
    this.outbound.assertAllowed(fields.url);
    const secret = newWebhookSecret();
    const tenantId = scope.kind === 'tenant' ? scope.tenantId : null;
    const most = scope.kind === 'tenant' ? MOST_PER_TENANT : MOST_OF_PLATFORM;
    return this.transaction.run(async (em) => {
      await lockTransaction(queryableOf(em), 'webhookCreation');
      if ((await em.countBy(WebhookEndpoint, { tenantId: tenantId ?? IsNull() })) >= most) throw new TooManyWebhooksError(most);
      const [made] = await sql<{ id: string; after: string }>(em, NEW_ENDPOINT);
      const id = made?.id ?? '';
      await em.insert(WebhookEndpoint, {
        id,
        tenantId,
        url: fields.url,
        description: fields.description,
        types: [...fields.types],
        createdBy: because.by.sub,
        secrets: [{ sealed: this.box.seal(secret, placeOf(id)), expires_at: null }],
        keyId: this.box.keyId,
        afterSequence: made?.after,
      });
      await this.record(em, 'webhook_created', { id, tenantId }, because, { url: fields.url, types: fields.types });
      return { ...webhookView(await em.findOneByOrFail(WebhookEndpoint, { id })), secret };
    });
  }

  /** Throws `WebhookNotFoundError` and `OutboundAddressError`. */
  update(scope: Scope, id: string, change: Partial<WebhookFields>, because: AuditContext): Promise<WebhookView> {
    if (change.url !== undefined) this.outbound.assertAllowed(change.url);
    const { types, ...others } = change;
    return this.change(scope, id, 'webhook_changed', because, { ...others, ...(types && { types: [...types] }) }, { ...change });
  }

  /** Deletes it with its deliveries. Throws `WebhookNotFoundError`. */
  delete(scope: Scope, id: string, because: AuditContext): Promise<WebhookView> {
    return this.transaction.run(async (em) => {
      const endpoint = await this.locked(em, scope, id);
      await em.delete(WebhookEndpoint, { id });
      await this.record(em, 'webhook_deleted', endpoint, because, { url: endpoint.url });
      return webhookView(endpoint);
    });
  }

  /** From now on events are counted, and no deliveries are written for them. Those that are written already wait. A second pause changes nothing but the reason. */
  pause(scope: Scope, id: string, because: AuditContext): Promise<WebhookView> {
    return this.change(scope, id, 'webhook_paused', because, ({ status }) => ({
      status: 'paused',
      statusReason: because.reason ?? null,
      ...(status !== 'paused' && { pausedAt: now, skipped: '0' }),
    }));
  }

  /** Also an endpoint that was disabled because it failed. What it missed while it was paused or disabled is replayed on request. */
  resume(scope: Scope, id: string, because: AuditContext): Promise<WebhookView> {
    return this.change(scope, id, 'webhook_resumed', because, { status: 'active', statusReason: null, failingSince: null });
  }

  /** A new secret; the old ones sign too for `overlapHours`, so that the receiver can change over. At most three sign. */
  async rotate(scope: Scope, id: string, overlapHours: number, because: AuditContext): Promise<WebhookWithSecret> {
    const secret = newWebhookSecret();
    return this.transaction.run(async (em) => {
      const endpoint = await this.locked(em, scope, id);
      const [clock] = await sql<{ now: Date }>(em, 'select clock_timestamp() as now'); // SQL: the time of the database
      const at = clock?.now ?? new Date();
      const ends = new Date(at.getTime() + overlapHours * 3_600_000).toISOString();
      const signing = overlapHours === 0 ? [] : validSecrets(endpoint.secrets, at).slice(0, MOST_SECRETS - 1); // an unreadable one can be replaced
      const kept = signing.map(({ sealed, expires_at }) => ({
        sealed: this.box.seal(this.box.open(sealed, placeOf(id)), placeOf(id)), // all under the key that is written beside them
        expires_at: expires_at !== null && expires_at < ends ? expires_at : ends,
      }));
      const secrets = [{ sealed: this.box.seal(secret, placeOf(id)), expires_at: null }, ...kept];
      await em.update(WebhookEndpoint, { id }, { secrets, keyId: this.box.keyId, changedAt: now });
      await this.record(em, 'webhook_secret_rotated', endpoint, because, { overlap_hours: overlapHours });
      return { ...webhookView(await em.findOneByOrFail(WebhookEndpoint, { id })), secret };
    });
  }

  /** Encrypts the secrets of some endpoints with the first key of `SECRETS_KEY`. Returns how many had another key. */
  async encryptAnew(most: number): Promise<number> {
    if (!this.box.configured) return 0;
    const { keyId } = this.box;
    const stale = await this.endpoints
      .createQueryBuilder('e')
      .select('e.id')
      .where('e.key_id <> :keyId', { keyId })
      .orderBy('e.id')
      .limit(most)
      .getMany();
    for (const { id } of stale) {
      await this.transaction.run(async (em) => {
        const endpoint = await em.findOne(WebhookEndpoint, { where: { id }, lock: { mode: 'for_no_key_update' } });
        if (!endpoint || endpoint.keyId === keyId) return;
        const secrets = endpoint.secrets.map((secret) => ({
          ...secret,
          sealed: this.box.seal(this.box.open(secret.sealed, placeOf(id)), placeOf(id)),
        }));
        await em.update(WebhookEndpoint, { id }, { secrets, keyId });
      });
    }
    return stale.length;
  }

  /** Writes an audit entry about an endpoint; its details never have a secret. */
  record(
    em: EntityManager,
    action: string,
    { id, tenantId }: Pick<WebhookEndpoint, 'id' | 'tenantId'>,
    because: AuditContext,
    details: Record<string, unknown> = {},
  ): Promise<void> {
    const target = { type: 'webhook', id };
    return this.audit.record(queryableOf(em), { ...because, action, target, details: { tenant_id: tenantId, ...details } });
  }

  /** The endpoint, locked until the transaction ends. Throws `WebhookNotFoundError`. */
  async locked(em: EntityManager, scope: Scope, id: string): Promise<WebhookEndpoint> {
    const endpoint = await em.findOne(WebhookEndpoint, { where: { id, ...ownedBy(scope) }, lock: { mode: 'for_no_key_update' } });
    if (!endpoint) throw new WebhookNotFoundError();
    return endpoint;
  }

  private change(
    scope: Scope,
    id: string,
    action: string,
    because: AuditContext,
    values: QueryDeepPartialEntity<WebhookEndpoint> | ((before: WebhookEndpoint) => QueryDeepPartialEntity<WebhookEndpoint>),
    details: Record<string, unknown> = {},
  ): Promise<WebhookView> {
    return this.transaction.run(async (em) => {
      const endpoint = await this.locked(em, scope, id);
      await em.update(WebhookEndpoint, { id }, { ...(typeof values === 'function' ? values(endpoint) : values), changedAt: now });
      await this.record(em, action, endpoint, because, details);
      return webhookView(await em.findOneByOrFail(WebhookEndpoint, { id }));
    });
  }

  private inScope<T>(scope: Scope, work: (em: EntityManager) => Promise<T>): Promise<T> {
    return scope.kind === 'tenant' ? this.tenants.run(scope.tenantId, work) : work(this.endpoints.manager);
  }
}

/** SQL: the id binds the secret to its row before the row exists, and the place in the feed is read in the same transaction. */
const NEW_ENDPOINT = `select arcadia_uuid() as id, coalesce((select last_sequence from event_sequencer), 0)::text as after`;

const ownedBy = (scope: Scope) => (scope.kind === 'tenant' ? { tenantId: scope.tenantId } : {});

/** The secrets that sign at this time, newest first. */
export const validSecrets = (secrets: readonly SealedSecret[], at: Date): SealedSecret[] =>
  secrets.filter(({ expires_at }) => expires_at === null || Date.parse(expires_at) > at.getTime());

export function webhookView(endpoint: WebhookEndpoint): WebhookView {
  const { id, url, types, description, status } = endpoint;
  return {
    id,
    tenant_id: endpoint.tenantId,
    url,
    types,
    description,
    status,
    status_reason: endpoint.statusReason,
    signing_secrets: validSecrets(endpoint.secrets, new Date()).length,
    failing_since: endpoint.failingSince?.toISOString() ?? null,
    last_success_at: endpoint.lastSuccessAt?.toISOString() ?? null,
    paused_at: endpoint.pausedAt?.toISOString() ?? null,
    skipped_while_paused: Number(endpoint.skipped),
    created_by: endpoint.createdBy,
    created_at: endpoint.createdAt.toISOString(),
    changed_at: endpoint.changedAt.toISOString(),
  };
}
