import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { EventReader } from '#libs/events';
import { errorCode, errorFields } from '#libs/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { countMessage, countNotSent } from '../delivery/message-counter';
import { LEASE_EXTRA_MS, nextStep } from '../delivery/retry-plan';
import { CLAIM_MESSAGES, MESSAGES_ARE_DUE, MESSAGES_FAILED, MESSAGES_HANDED_BACK, MESSAGES_SENT } from '../delivery/deliveries.sql';
import type { Channel } from '../entities/notification-subscription.entity';
import { ChatPoster } from './chat-poster';
import { Mailer } from './mailer';
import { messageText } from './message-text';

/** Events of one mail. */
const MOST_EVENTS = 500;
/** Messages at the same time: of all, and to the mail server or to one host of chats. */
const MOST_AT_ONCE = 20;
const MOST_PER_SERVER = 4;
/** How often new messages are searched for while others are on their way. */
const SEARCH_MS = 200;

interface Claimed {
  readonly owner: string;
  readonly channel: Channel;
  readonly tenant_id: string | null;
  readonly email: string | null;
  readonly chat_sealed: string | null;
  readonly chat_host: string | null;
  readonly ids: readonly string[];
  readonly sequences: readonly string[];
  /** Of each event: those that have begun. */
  readonly attempts: readonly number[];
  readonly lease: string;
}

/** Notifies subscribers of events by mail and chat. What is due for one of them together is one message. */
@Injectable()
export class MessageSender {
  private readonly log = new Logger('Messages');
  private readonly leaseMs: number;

  constructor(
    private readonly database: Database,
    private readonly events: EventReader,
    private readonly mailer: Mailer,
    private readonly chat: ChatPoster,
    @Inject(CONFIG) config: Config,
  ) {
    this.leaseMs = config.notifications.callTimeoutMs + LEASE_EXTRA_MS;
  }

  async areDue(): Promise<boolean> {
    const [row] = await this.database.query<{ due: boolean }>(MESSAGES_ARE_DUE);
    return row?.due ?? false;
  }

  /**
   * Sends until nothing is due, several messages at the same time: a server that does not answer delays only the other messages to itself. When `signal`
   * aborts, messages on their way are cut off and handed back.
   */
  async send(signal?: AbortSignal): Promise<void> {
    const running = new Map<Promise<void>, Claimed>();
    for (;;) {
      const isFull = signal?.aborted || running.size >= MOST_AT_ONCE;
      const claimed = isFull ? undefined : await this.claim([...running.values()]);
      if (claimed) {
        const attempt = this.attempt(claimed, signal).finally(() => running.delete(attempt));
        running.set(attempt, claimed);
        continue;
      }
      if (running.size === 0) return;
      const isWaiting = new AbortController();
      await Promise.race([...running.keys(), delay(SEARCH_MS, undefined, { signal: isWaiting.signal }).catch(() => undefined)]);
      isWaiting.abort();
    }
  }

  private async claim(running: readonly Claimed[]): Promise<Claimed | undefined> {
    const mails = running.filter(({ channel }) => channel === 'mail').length;
    const hosts = running.flatMap(({ channel, chat_host }) => (channel === 'chat' && chat_host !== null ? [chat_host] : []));
    const fullHosts = hosts.filter((host) => hosts.filter((other) => other === host).length >= MOST_PER_SERVER);
    const [owners, channels] = [running.map(({ owner }) => owner), running.map(({ channel }) => channel)];
    const values = [MOST_EVENTS, this.leaseMs, owners, channels, mails >= MOST_PER_SERVER, fullHosts];
    const [claimed] = await this.database.query<Claimed>(CLAIM_MESSAGES, values);
    return claimed;
  }

  private async attempt(claimed: Claimed, signal?: AbortSignal): Promise<void> {
    const { channel, ids, lease } = claimed;
    try {
      await this.notify(claimed, signal);
    } catch (error) {
      if (signal?.aborted) await this.record(channel, () => this.database.query(MESSAGES_HANDED_BACK, [ids, lease]));
      else await this.record(channel, () => this.recordFailed(claimed, error));
      return;
    }
    await this.record(channel, () => this.database.query(MESSAGES_SENT, [ids, lease]));
    countMessage(channel, 'sent');
  }

  /** A message of which the outcome cannot be recorded is sent again after its lease. */
  private async record(channel: Channel, write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.log.warn({ event: 'message_record_failed', channel, ...errorFields(error) });
    }
  }

  private async recordFailed({ channel, ids, lease, attempts }: Claimed, error: unknown): Promise<void> {
    const random = Math.random(); // the same for all: equal pauses stay equal, so their events are one message again
    const pausesMs = attempts.map((made) => {
      const step = nextStep(made, undefined, random);
      return step.is === 'retry' ? step.afterMs : null;
    });
    const again = pausesMs.some((pauseMs) => pauseMs !== null);
    this.log.warn({ event: 'message_failed', channel, attempt: Math.max(...attempts), ...errorFields(error), again });
    countMessage(channel, 'failed');
    countNotSent(error);
    await this.database.query(MESSAGES_FAILED, [ids, lease, errorCode(error), pausesMs]);
  }

  /** A subscriber that has removed the channel meanwhile gets nothing. */
  private async notify({ owner, channel, tenant_id, email, chat_sealed, ids, sequences }: Claimed, signal?: AbortSignal): Promise<void> {
    const scope = tenant_id === null ? ({ kind: 'platform' } as const) : ({ kind: 'tenant', tenantId: tenant_id } as const);
    const events = (await this.events.find(sequences)).flatMap((event) => event.viewFor(scope) ?? []);
    if (events.length === 0) return;
    const message = messageText(events.sort((a, b) => a.sequence - b.sequence));
    if (channel === 'mail' && email !== null) await this.mailer.send({ to: email, ...message, messageId: ids[0] ?? randomUUID() }, signal);
    if (channel === 'chat' && chat_sealed !== null) await this.chat.post(owner, chat_sealed, message, signal);
  }
}
