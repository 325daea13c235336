import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
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

describe('a worker that ends', () => {
  const request: DirectMessage = { id: 'one', subject: 'x', text: 'y', to: { adminsOf: 'saga.failed' }, attempts: 3, deliveredTo: [] };
  const admin = (name: string, chatHost: string) => ({ owner: `admin ${name}`, types: ['*'], email: null, chatSealed: name, chatHost });

  it('counts no attempt for a message that it cuts off, and delivers meanwhile to the servers that answer [WHK-4]', async () => {
    const ending = new AbortController();
    const findBy = async () => [admin('slow', 'dead.example'), admin('quick', 'chat.example')];
    const post = (_owner: string, room: string, _text: unknown, signal?: AbortSignal) =>
      room === 'quick'
        ? Promise.resolve()
        : new Promise<void>((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('cut off'))));
    const messages = new DirectMessages(
      { findBy } as unknown as Repository<NotificationSubscription>,
      new Mailer(configOf(false)),
      { post } as unknown as ChatPoster,
      configOf(false),
    );
    const reached: string[] = [];
    const delivering = messages.deliver(
      request,
      async (receiver) => {
        reached.push(receiver);
        ending.abort();
      },
      ending.signal,
    );
    expect(await delivering).toEqual({ is: 'interrupted' });
    expect(reached).toEqual(['chat of admin quick']);
  });

  it('gives up the wait for a mail server that does not answer soon, so the mail can be handed back', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const notifications = { smtpUrl: () => `smtp://127.0.0.1:${port}`, mailFrom: 'arcadia@example.com', callTimeoutMs: 1_000 };
    const begunMs = performance.now();
    await expect(
      new Mailer({ production: true, notifications } as unknown as Config).send(MAIL, AbortSignal.abort()),
    ).rejects.toMatchObject({ code: 'mail_refused' });
    expect(performance.now() - begunMs).toBeLessThan(8_000); // the greeting is waited for 10 s
    server.close();
  });
});
