import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG, type Config } from '#libs/config';
import { Database, GroupCommit, queryableOf, sql, Transaction } from '#libs/database';
import { EventLog, EventReader, type NumberedEvent } from '#libs/events';
import { errorCode, errorFields } from '#libs/kernel';
import { counter, histogram } from '#libs/observability';
import { OutboundHttp } from '#libs/outbound-http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { WebhookEndpoint, type SealedSecret } from '../entities/webhook-endpoint.entity';
import { EventArchivedError, isInstallationFault, RefusedByReceiverError } from '../notifications.errors';
import { SecretBox } from '../secret-box';
import { placeOf, validSecrets } from './webhook-endpoints';
import { signatureOf, testBody, webhookBody } from './webhook-message';
import { CLAIM_WEBHOOKS, CLOSE_DELIVERIES, DELIVERED, FAILED, HANDED_BACK, POSTPONED } from '../delivery/deliveries.sql';
import { countNotSent } from '../delivery/message-counter';
import { FAILING_DAYS, INSTALLATION_FAULT_PAUSE_MS, nextStep, retryAfterMs } from '../delivery/retry-plan';

/** Requests at the same time: of all endpoints, of those of one tenant or of the platform, and of one. */
const MOST_AT_ONCE = 50;
const MOST_PER_TENANT = 20;
const MOST_PER_ENDPOINT = 10;
/** How often new deliveries are searched for while others are on their way. */
const SEARCH_MS = 200;
/** The lease is longer than a request by this, so that a living worker records its outcome in time. */
const LEASE_EXTRA_MS = 5_000;
const NO_LONGER_THERE = 410;

const attempts = counter(
  'arcadia_webhook_attempts_total',
  'Attempts to deliver a webhook, by their outcome',
  ['outcome'],
  [{ outcome: 'delivered' }, { outcome: 'failed' }, { outcome: 'given_up' }],
);
const disabled = counter(
  'arcadia_webhooks_disabled_total',
  'Webhook endpoints that were disabled, by the reason',
  ['reason'],
  [{ reason: 'gone' }, { reason: 'failing' }],
);
const lag = histogram(
  'arcadia_webhook_delay_seconds',
  'Time from an event to its delivery at the first attempt',
  [],
  [0.25, 0.5, 1, 2, 5, 15, 60, 300],
);

interface ClaimedDelivery {
  readonly id: string;
  readonly endpoint_id: string;
  /** Of the endpoint, which decides what it sees. */
  readonly tenant_id: string | null;
  readonly sequence: string | null;
  readonly attempts: number;
  readonly lease: string;
  readonly url: string;
  readonly secrets: readonly SealedSecret[];
}

/** The outcome of one attempt. `retryAfterMs`: what the receiver asked for. */
interface Outcome {
  readonly status: number | null;
  readonly ms: number;
  readonly error?: unknown;
  readonly retryAfterMs?: number | undefined;
}

/** A delivery that its receiver has taken. */
type Received = Pick<ClaimedDelivery, 'id' | 'lease'> & Pick<Outcome, 'status' | 'ms'>;

/**
 * Sends what is due to the endpoints, signed as Standard Webhooks has it. A delivery is leased first, so one worker sends it at a time; after
 * kill -9 another one sends it once more, with the same id. [WHK-1]
 */
@Injectable()
export class WebhookSender {
  private readonly log = new Logger('Webhooks');
  private readonly leaseMs: number;
  private readonly userAgent: string;
  /** Outcomes of requests that end together share a commit. */
  private readonly received = new GroupCommit<Received, void>((batch) => this.recordReceived(batch));

  constructor(
    private readonly database: Database,
    private readonly transaction: Transaction,
    private readonly events: EventReader,
    private readonly feed: EventLog,
    private readonly outbound: OutboundHttp,
    private readonly box: SecretBox,
    @Inject(CONFIG) config: Config,
  ) {
    this.leaseMs = config.notifications.callTimeoutMs + LEASE_EXTRA_MS;
    this.userAgent = `arcadia-cloud/${config.version} (webhooks)`;
  }

  /** Sends until nothing is due. When `signal` aborts, requests on their way are cut off and handed back. */
  async send(signal?: AbortSignal): Promise<{ readonly attempts: number }> {
    const running = new Map<Promise<void>, string>();
    let made = 0;
    for (;;) {
      const claimed = signal?.aborted || running.size >= MOST_AT_ONCE ? [] : await this.claim(running);
      const events = await this.eventsOf(claimed);
      for (const delivery of claimed) {
        const attempt = this.attempt(delivery, events.get(Number(delivery.sequence)), signal).finally(() => running.delete(attempt));
        running.set(attempt, delivery.endpoint_id);
      }
      made += claimed.length;
      if (running.size === 0) return { attempts: made };
      const isWaiting = new AbortController();
      await Promise.race([...running.keys(), delay(SEARCH_MS, undefined, { signal: isWaiting.signal }).catch(() => undefined)]);
      isWaiting.abort();
    }
  }

  private claim(running: ReadonlyMap<unknown, string>): Promise<ClaimedDelivery[]> {
    const values = [MOST_PER_ENDPOINT, MOST_PER_TENANT, MOST_AT_ONCE - running.size, [...running.values()], this.leaseMs];
    return this.database.query<ClaimedDelivery>(CLAIM_WEBHOOKS, values);
  }

  private async eventsOf(claimed: readonly ClaimedDelivery[]): Promise<Map<number, NumberedEvent>> {
    const found = await this.events.find(claimed.flatMap(({ sequence }) => sequence ?? []));
    return new Map(found.map((event) => [event.sequence, event]));
  }

  private async attempt(delivery: ClaimedDelivery, event: NumberedEvent | undefined, signal: AbortSignal | undefined): Promise<void> {
    const outcome = await this.post(delivery, event, signal);
    if (signal?.aborted && outcome.error !== undefined) {
      await this.database.query(HANDED_BACK, [delivery.id, delivery.lease]).catch(() => undefined); // the lease ends by itself
      return;
    }
    try {
      if (isInstallationFault(outcome.error)) await this.recordPostponed(delivery, outcome.error);
      else await (outcome.error === undefined ? this.recordDelivered(delivery, outcome, event) : this.recordFailed(delivery, outcome));
    } catch (error) {
      this.log.warn({ event: 'webhook_record_failed', delivery_id: delivery.id, ...errorFields(error) }); // sent again after the lease
    }
  }

  private async post(delivery: ClaimedDelivery, event: NumberedEvent | undefined, signal?: AbortSignal): Promise<Outcome> {
    const startedAtMs = performance.now();
    const ms = () => Math.round(performance.now() - startedAtMs);
    try {
      const { body, headers } = this.message(delivery, event);
      const { status, headers: answered } = await this.outbound.post({ url: delivery.url, headers, body, signal });
      if (status >= 200 && status < 300) return { status, ms: ms() };
      return {
        status,
        ms: ms(),
        error: new RefusedByReceiverError(status),
        retryAfterMs: retryAfterMs(answered['retry-after'], Date.now()),
      };
    } catch (error) {
      return { status: null, ms: ms(), error };
    }
  }

  /** Throws `EventArchivedError`, `SecretsKeyMissingError` and `UnreadableSecretError`. */
  private message({ id, endpoint_id, tenant_id, sequence, secrets }: ClaimedDelivery, event: NumberedEvent | undefined) {
    const view = event?.viewFor(tenant_id === null ? { kind: 'platform' } : { kind: 'tenant', tenantId: tenant_id });
    if (sequence !== null && !view) throw new EventArchivedError();
    const now = new Date();
    const body = view ? webhookBody(view) : testBody(endpoint_id, now);
    const timestampS = Math.floor(now.getTime() / 1_000);
    const signing = validSecrets(secrets, now).map(({ sealed }) => this.box.open(sealed, placeOf(endpoint_id)));
    const headers = {
      'content-type': 'application/json',
      'user-agent': this.userAgent,
      'webhook-id': id,
      'webhook-timestamp': String(timestampS),
      'webhook-signature': signatureOf(signing, id, timestampS, body),
    };
    return { body, headers };
  }

  private async recordDelivered(
    { id, lease, attempts: made }: ClaimedDelivery,
    { status, ms }: Outcome,
    event?: NumberedEvent,
  ): Promise<void> {
    await this.received.write({ id, lease, status, ms });
    attempts.inc({ outcome: 'delivered' });
    if (made === 1 && event) lag.observe((Date.now() - event.atMs) / 1_000);
  }

  private async recordReceived(batch: readonly Received[]): Promise<void[]> {
    const column = <K extends keyof Received>(name: K) => batch.map((one) => one[name]);
    await this.database.query(DELIVERED, [column('id'), column('lease'), column('status'), column('ms')]);
    return batch.map(() => undefined);
  }

  private async recordPostponed({ id, endpoint_id, lease }: ClaimedDelivery, error: unknown): Promise<void> {
    this.log.error({ event: 'webhook_postponed', delivery_id: id, webhook_id: endpoint_id, ...errorFields(error) });
    countNotSent(error);
    await this.database.query(POSTPONED, [id, lease, errorCode(error), INSTALLATION_FAULT_PAUSE_MS]);
  }

  private async recordFailed(delivery: ClaimedDelivery, { status, ms, error, retryAfterMs: asked }: Outcome): Promise<void> {
    const { id, endpoint_id, lease, attempts: made } = delivery;
    const step = error instanceof EventArchivedError ? GIVEN_UP : nextStep(made, asked, Math.random());
    const line = { delivery_id: id, webhook_id: endpoint_id, attempt: made, status, ...errorFields(error), again: step.is === 'retry' };
    if (errorCode(error) === 'internal')
      this.log.error({ event: 'webhook_failed', ...line }, error instanceof Error ? error.stack : undefined);
    else this.log.warn({ event: 'webhook_failed', ...line });
    const pauseMs = step.is === 'retry' ? step.afterMs : null;
    const [failing] = await this.database.query<{ failing_s: number }>(FAILED, [id, lease, status, ms, errorCode(error), pauseMs]);
    attempts.inc({ outcome: step.is === 'retry' ? 'failed' : 'given_up' });
    if (!failing) return; // another worker has the delivery
    if (status === NO_LONGER_THERE) await this.disable(endpoint_id, 'gone');
    else if (failing.failing_s > FAILING_DAYS * 86_400) await this.disable(endpoint_id, 'failing');
  }

  /** Appends an event about it, in the same transaction. */
  private async disable(id: string, reason: 'gone' | 'failing'): Promise<void> {
    const changed = await this.transaction.run(async (em) => {
      const endpoint = await em.findOne(WebhookEndpoint, { where: { id, status: 'active' }, lock: { mode: 'for_no_key_update' } });
      if (!endpoint) return false;
      await em.update(WebhookEndpoint, { id }, { status: 'disabled', statusReason: reason, changedAt: () => 'clock_timestamp()' });
      await sql(em, CLOSE_DELIVERIES, [id]);
      await this.feed.append(queryableOf(em), {
        type: 'webhook.disabled',
        tenantId: endpoint.tenantId,
        actor: null,
        source: 'webhooks',
        subject: { type: 'webhook', id, name: new URL(endpoint.url).host },
        data: { reason },
      });
      return true;
    });
    if (!changed) return;
    disabled.inc({ reason });
    this.log.warn({ event: 'webhook_disabled', webhook_id: id, reason });
  }
}

const GIVEN_UP = { is: 'given_up' } as const;
