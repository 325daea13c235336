import { CONFIG, type Config } from '#libs/config';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { createTransport, type Transporter } from 'nodemailer';
import { MailNotConfiguredError, MailRefusedError } from '../notifications.errors';

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

  /** Throws `MailNotConfiguredError` and `MailRefusedError`. */
  async send({ to, subject, text, messageId }: Mail): Promise<void> {
    const { smtpUrl, mailFrom } = this.config.notifications;
    const url = smtpUrl?.();
    if (url === undefined && this.config.production) throw new MailNotConfiguredError();
    if (url !== undefined) {
      try {
        const host = mailFrom.split('@').at(-1);
        await this.transportTo(url).sendMail({
          from: mailFrom,
          to,
          subject,
          text,
          messageId: `<${messageId}@${host}>`,
          disableUrlAccess: true,
          disableFileAccess: true,
        });
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

/** A code of nodemailer or the system; its texts may quote addresses and passwords. */
function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}
