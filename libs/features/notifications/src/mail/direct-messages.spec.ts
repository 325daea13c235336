import type { Config } from '#libs/config';
import type { Repository } from 'typeorm';
import type { NotificationSubscription } from '../entities/notification-subscription.entity';
import type { ChatPoster } from './chat-poster';
import { DirectMessages, type DirectMessage } from './direct-messages';
import { Mailer } from './mailer';

const MAIL = { to: 'pay@acme.example', subject: 'A reminder', text: 'Please pay', messageId: 'one' };
const configOf = (production: boolean) =>
  ({ production, notifications: { smtpUrl: undefined, mailFrom: 'arcadia@example.com', callTimeoutMs: 1_000 } }) as unknown as Config;

describe('an installation without SMTP_URL', () => {
  it('refuses mails in production, and only logs them in development [TRU-1]', async () => {
    await expect(new Mailer(configOf(true)).send(MAIL)).rejects.toMatchObject({ code: 'mail_not_configured', category: 'unavailable' });
    await expect(new Mailer(configOf(false)).send(MAIL)).resolves.toBeUndefined();
  });

  it('postpones a requested mail in production, without a failed attempt, and delivers to the other receivers [TRU-1, WHK-4]', async () => {
    const admin = { owner: 'admin ops', types: ['*'], email: 'ops@example.com', chatSealed: 'sealed' };
    const subscriptions = { findBy: async () => [admin] } as unknown as Repository<NotificationSubscription>;
    const chat = { post: async () => undefined } as unknown as ChatPoster;
    const messages = new DirectMessages(subscriptions, new Mailer(configOf(true)), chat, configOf(true));
    const reached: string[] = [];
    const request: DirectMessage = { id: 'one', subject: 'x', text: 'y', to: { adminsOf: 'saga.failed' }, attempts: 9, deliveredTo: [] };
    const outcome = await messages.deliver(request, async (receiver) => void reached.push(receiver));
    expect(outcome).toEqual({ is: 'postponed', code: 'mail_not_configured', afterMs: 300_000 });
    expect(reached).toEqual(['chat of admin ops']);
  });
});
