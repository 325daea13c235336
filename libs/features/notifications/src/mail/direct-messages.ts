import { CONFIG, type Config } from '#libs/config';
import type { EventType } from '#libs/events';
import { errorCode, errorFields } from '#libs/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { IsNull, type Repository } from 'typeorm';
import { countMessage, countNotSent } from '../delivery/message-counter';
import { INSTALLATION_FAULT_PAUSE_MS, LEASE_EXTRA_MS, nextStep } from '../delivery/retry-plan';
import { NotificationSubscription, type Channel } from '../entities/notification-subscription.entity';
import { ChatPoster } from './chat-poster';
import { Mailer } from './mailer';
import { isInstallationFault } from '../notifications.errors';
import { chatPlace } from './subscriptions';

/** A receiver that is missing may be entered any time, by a person. */
const NO_RECEIVER_PAUSE_MS = 3_600_000;

/** A message that is no event of the feed, such as a reminder. */
export interface DirectMessage {
  /** The same for each attempt, so that a mail server or a person recognises a repetition. */
  readonly id: string;
  readonly subject: string;
  readonly text: string;
  /** One address, or all admins who are subscribed to a type of event. `email` null: not known yet. */
  readonly to: { readonly email: string | null } | { readonly adminsOf: EventType };
  /** Attempts that have failed. */
  readonly attempts: number;
  /** The receivers that have it already. */
  readonly deliveredTo: readonly string[];
}

/** `interrupted`: the worker ends, so no attempt counts. `postponed`: no attempt counts either, because there is no address at present, or the installation cannot send. `code` is the reason. */
export type DirectOutcome =
  | { readonly is: 'delivered' | 'interrupted' }
  | { readonly is: 'postponed'; readonly code: string; readonly afterMs: number }
  | { readonly is: 'failed'; readonly code: string; readonly afterMs: number | null };

interface Receiver {
  /** `mail <address>` or `chat of <subscriber>`. */
  readonly name: string;
  readonly channel: Channel;
  /** The mail server, or the host of the chat. */
  readonly server: string;
  send(signal?: AbortSignal): Promise<void>;
}

/** Delivers messages to people by the channels of the subscriptions, at once and whatever their digest is. The caller stores what is delivered. */
@Injectable()
export class DirectMessages {
  /** How long a caller must keep a message to itself: longer than the calls to all of its receivers. */
  readonly leaseMs: number;
  private readonly log = new Logger('Messages');

  constructor(
    @InjectRepository(NotificationSubscription) private readonly subscriptions: Repository<NotificationSubscription>,
    private readonly mailer: Mailer,
    private readonly chat: ChatPoster,
    @Inject(CONFIG) config: Config,
  ) {
    this.leaseMs = config.notifications.callTimeoutMs * 10 + LEASE_EXTRA_MS;
  }

  /**
   * Sends to each receiver that does not have the message. `reached` stores a receiver before the next one of its server is tried. A server that does not answer
   * delays only its own receivers.
   */
  async deliver(message: DirectMessage, reached: (receiver: string) => Promise<void>, signal?: AbortSignal): Promise<DirectOutcome> {
    const receivers = await this.receiversOf(message);
    if (receivers.length === 0) return { is: 'postponed', code: 'no_receiver', afterMs: NO_RECEIVER_PAUSE_MS };
    const left = receivers.filter(({ name }) => !message.deliveredTo.includes(name));
    const servers = [...new Set(left.map(({ server }) => server))];
    const failures: unknown[] = [];
    let sent = 0;
    await Promise.all(
      servers.map(async (server) => {
        for (const receiver of left.filter((one) => one.server === server)) {
          if (signal?.aborted) return;
          const failure = await this.sendTo(receiver, message, signal);
          if (failure !== undefined) {
            failures.push(failure);
            continue;
          }
          sent += 1;
          await reached(receiver.name);
        }
      }),
    );
    if (sent === left.length) return { is: 'delivered' };
    if (signal?.aborted) return { is: 'interrupted' };
    const failure = failures.find((one) => !isInstallationFault(one)) ?? failures[0]; // a receiver's failure counts as an attempt
    if (isInstallationFault(failure)) return { is: 'postponed', code: errorCode(failure), afterMs: INSTALLATION_FAULT_PAUSE_MS };
    const step = nextStep(message.attempts + 1, undefined, Math.random());
    return { is: 'failed', code: errorCode(failure), afterMs: step.is === 'retry' ? step.afterMs : null };
  }

  /** Returns the failure; undefined for a message that was sent. */
  private async sendTo(receiver: Receiver, { attempts }: DirectMessage, signal?: AbortSignal): Promise<unknown> {
    const { channel } = receiver;
    try {
      await receiver.send(signal);
    } catch (error) {
      if (signal?.aborted) return error;
      countMessage(channel, 'failed');
      countNotSent(error);
      this.log.warn({ event: 'message_failed', channel, attempt: attempts + 1, ...errorFields(error) });
      return error;
    }
    countMessage(channel, 'sent');
    return undefined;
  }

  private async receiversOf({ to, id, subject, text }: DirectMessage): Promise<Receiver[]> {
    const mail = (email: string): Receiver => ({
      name: `mail ${email}`,
      channel: 'mail',
      server: 'mail',
      send: (signal) => this.mailer.send({ to: email, subject, text, messageId: id }, signal),
    });
    if ('email' in to) return to.email === null ? [] : [mail(to.email)];
    const admins = await this.subscriptions.findBy({ tenantId: IsNull() });
    const wanting = admins.filter(({ types }) => types.includes('*') || types.includes(to.adminsOf));
    return wanting.flatMap(({ owner, email, chatSealed, chatHost }) => [
      ...(email === null ? [] : [mail(email)]),
      ...(chatSealed === null
        ? []
        : [
            {
              name: chatPlace(owner),
              channel: 'chat' as const,
              server: `chat at ${chatHost}`,
              send: (signal?: AbortSignal) => this.chat.post(owner, chatSealed, { subject, text }, signal),
            },
          ]),
    ]);
  }
}
