import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/** Mails that are kept; the oldest are dropped first. */
const MOST_MAILS = 1_000;
const LONGEST_MAIL = 1_000_000;

/** A mail as the server received it. `raw`: header and body, as sent. */
export interface ReceivedMail {
  readonly at: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly subject: string;
  readonly raw: string;
}

/**
 * A mail server for development: it takes every mail and delivers none. It needs no port of its own, because mail clients reach it through
 * the HTTP port as a proxy (CONNECT), whatever the name of the server is.
 */
export class MailServer {
  private readonly received: ReceivedMail[] = [];
  private readonly sockets = new Set<Duplex>();

  get mails(): readonly ReceivedMail[] {
    return this.received;
  }

  clear(): void {
    this.received.length = 0;
  }

  /** Breaks open conversations: the HTTP server no longer knows them. */
  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  bind(server: Server): void {
    server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
      this.sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => this.sockets.delete(socket));
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      new MailSession(socket, (mail) => {
        this.received.push(mail);
        this.received.splice(0, this.received.length - MOST_MAILS);
      }).begin();
    });
  }
}

/** One conversation in SMTP (RFC 5321): enough of it to take mails. */
class MailSession {
  private text = '';
  private from = '';
  private to: string[] = [];
  private isData = false;

  constructor(
    private readonly socket: Duplex,
    private readonly take: (mail: ReceivedMail) => void,
  ) {}

  begin(): void {
    this.socket.on('data', (chunk: Buffer) => this.read(chunk.toString('latin1'))); // one character for each byte, until the end is found
    this.reply('220 simulator ESMTP');
  }

  private read(chunk: string): void {
    this.text += chunk;
    if (this.text.length > LONGEST_MAIL) return void this.socket.destroy();
    const ending = () => (this.isData ? '\r\n.\r\n' : '\r\n');
    for (let end = this.text.indexOf(ending()); end >= 0; end = this.text.indexOf(ending())) {
      const part = this.text.slice(0, end);
      this.text = this.text.slice(end + ending().length);
      if (this.isData) this.finish(part);
      else this.obey(part);
    }
  }

  private obey(line: string): void {
    const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
    switch (line.slice(0, 4).toUpperCase()) {
      case 'MAIL':
        this.from = address;
        this.to = [];
        return this.reply('250 OK');
      case 'RCPT':
        this.to.push(address);
        return this.reply('250 OK');
      case 'DATA':
        this.isData = true;
        return this.reply('354 End data with <CR><LF>.<CR><LF>');
      case 'QUIT':
        this.reply('221 Bye');
        return void this.socket.end(() => this.socket.destroy());
      default:
        return this.reply('250 OK'); // EHLO, RSET, NOOP
    }
  }

  private finish(bytes: string): void {
    this.isData = false;
    const raw = Buffer.from(bytes, 'latin1').toString('utf8');
    const subject = /^subject: (.*)$/im.exec(raw)?.[1]?.trim() ?? '';
    this.take({ at: new Date().toISOString(), from: this.from, to: this.to, subject, raw: raw.replaceAll(/^\.\./gm, '.') });
    this.reply('250 OK');
  }

  private reply(line: string): void {
    this.socket.write(`${line}\r\n`);
  }
}
