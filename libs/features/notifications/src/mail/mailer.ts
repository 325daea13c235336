import { CONFIG, type Config } from '#libs/config';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import { MailNotConfiguredError, MailRefusedError } from '../notifications.errors';

/** A worker that ends waits so long for the answer to a mail that is on its way. */
const LAST_ANSWER_MS = 2_000;
/** Of the mail server. */
const LIMITS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 15_000 };

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same for each attempt, so that a repetition can be recognised. */
  readonly messageId: string;
}

/** Sends mails to the server of `SMTP_URL`. Without one they are only logged in development, and refused in production. */
@Injectable()
export class Mailer {
  private readonly log = new Logger('Mail');
  private transport: { readonly url: string; readonly sends: Transporter } | undefined;

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /** `signal`: the worker ends, and soon waits no longer. Throws `MailNotConfiguredError` and `MailRefusedError`. */
  async send({ to, subject, text, messageId }: Mail, signal?: AbortSignal): Promise<void> {
    const { smtpUrl, mailFrom } = this.config.notifications;
    const url = smtpUrl?.();
    if (url === undefined && this.config.production) throw new MailNotConfiguredError();
    if (url !== undefined) {
      try {
        const host = mailFrom.split('@').at(-1);
        const sending = this.transportTo(url).sendMail({
          from: mailFrom,
          to,
          subject,
          text,
          messageId: `<${messageId}@${host}>`,
          disableUrlAccess: true,
          disableFileAccess: true,
        });
        await unlessEnding(sending, signal);
      } catch (error) {
        throw new MailRefusedError(codeOf(error));
      }
    }
    this.log.log({ event: 'mail_sent', subject, by_smtp: url !== undefined });
  }

  private transportTo(url: string): Transporter {
    if (this.transport?.url !== url) this.transport = { url, sends: createTransport({ url, ...LIMITS } as never) };
    return this.transport.sends;
  }
}

/** Rejects when the signal was aborted `LAST_ANSWER_MS` ago: a mail cannot be cut off, and the server may still take it. */
async function unlessEnding(sending: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  if (!signal) return void (await sending);
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => undefined;
  const ending = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      timer = setTimeout(() => reject(Object.assign(new Error('the worker ends'), { code: 'ABORTED' })), LAST_ANSWER_MS);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([sending, ending]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  }
}

/** A code of nodemailer or the system; its texts may quote addresses and passwords. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}
