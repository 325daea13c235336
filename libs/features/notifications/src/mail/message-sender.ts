import { randomUUID } from 'node:crypto';
import { CONFIG, type Config } from '#libs/config';
import { Database } from '#libs/database';
import { EventReader } from '#libs/events';
import { errorCode, errorFields } from '#libs/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { countMessage, countNotSent } from '../delivery/message-counter';
import { LEASE_EXTRA_MS, nextStep } from '../delivery/retry-plan';
import { CLAIM_MESSAGES, MESSAGES_ARE_DUE, MESSAGES_FAILED, MESSAGES_SENT } from '../delivery/deliveries.sql';
import type { Channel } from '../entities/notification-subscription.entity';
import { ChatPoster } from './chat-poster';
import { Mailer } from './mailer';
import { messageText } from './message-text';

/** Events of one mail. */
const MOST_EVENTS = 500;

interface Claimed {
  readonly owner: string;
  readonly channel: Channel;
  readonly tenant_id: string | null;
  readonly email: string | null;
  readonly chat_sealed: string | null;
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

  /** Sends until nothing is due, one message at a time. */
  async send(signal?: AbortSignal): Promise<void> {
    for (;;) {
      if (signal?.aborted) return;
      const [claimed] = await this.database.query<Claimed>(CLAIM_MESSAGES, [MOST_EVENTS, this.leaseMs]);
      if (!claimed) return;
      await this.attempt(claimed, signal);
    }
  }

  private async attempt(claimed: Claimed, signal?: AbortSignal): Promise<void> {
    const { channel, ids, lease, attempts } = claimed;
    try {
      await this.notify(claimed, signal);
      await this.database.query(MESSAGES_SENT, [ids, lease]);
      countMessage(channel, 'sent');
    } catch (error) {
      const random = Math.random(); // the same for all: equal pauses stay equal, so their events are one message again
      const pausesMs = attempts.map((made) => {
        const step = nextStep(made, undefined, random);
        return step.is === 'retry' ? step.afterMs : null;
      });
      const again = pausesMs.some((pauseMs) => pauseMs !== null);
      this.log.warn({ event: 'message_failed', channel, attempt: Math.max(...attempts), ...errorFields(error), again });
      await this.database.query(MESSAGES_FAILED, [ids, lease, errorCode(error), pausesMs]);
      countMessage(channel, 'failed');
      countNotSent(error);
    }
  }

  /** A subscriber that has removed the channel meanwhile gets nothing. */
  private async notify({ owner, channel, tenant_id, email, chat_sealed, ids, sequences }: Claimed, signal?: AbortSignal): Promise<void> {
    const scope = tenant_id === null ? ({ kind: 'platform' } as const) : ({ kind: 'tenant', tenantId: tenant_id } as const);
    const events = (await this.events.find(sequences)).flatMap((event) => event.viewFor(scope) ?? []);
    if (events.length === 0) return;
    const message = messageText(events.sort((a, b) => a.sequence - b.sequence));
    if (channel === 'mail' && email !== null) await this.mailer.send({ to: email, ...message, messageId: ids[0] ?? randomUUID() });
    if (channel === 'chat' && chat_sealed !== null) await this.chat.post(owner, chat_sealed, message, signal);
  }
}
