import { errorCode } from '#libs/kernel';
import { counter } from '#libs/observability';
import type { Channel } from '../entities/notification-subscription.entity';
import { isInstallationFault } from '../notifications.errors';

const messages = counter(
  'arcadia_messages_total',
  'Mails and messages to chats, by channel and outcome',
  ['channel', 'outcome'],
  [
    { channel: 'mail', outcome: 'sent' },
    { channel: 'mail', outcome: 'failed' },
    { channel: 'chat', outcome: 'sent' },
    { channel: 'chat', outcome: 'failed' },
  ],
);

export const countMessage = (channel: Channel, outcome: 'sent' | 'failed'): void => messages.inc({ channel, outcome });

const notSent = counter(
  'arcadia_notifications_not_sent_total',
  'Webhooks, mails and chat messages that were not sent, because this installation lacks a mail server or a key',
  ['reason'],
  [{ reason: 'mail_not_configured' }, { reason: 'secrets_key_missing' }, { reason: 'secret_unreadable' }],
);

/** Counts an attempt that the installation prevented; other failures are not counted. */
export function countNotSent(error: unknown): void {
  if (isInstallationFault(error)) notSent.inc({ reason: errorCode(error) });
}
