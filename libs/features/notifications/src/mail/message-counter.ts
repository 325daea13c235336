import { counter } from '#libs/observability';
import type { Channel } from '../entities/notification-subscription.entity';

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
