import type { Response } from 'express';
import type { EventFilters } from '#libs/events';
import type { Scope } from '#libs/identity';

/** One open stream: where its reader is, and whether its socket takes more. It holds no events: what was not sent is read again. */
export class EventStream {
  /** Every event up to this number that the reader may have has been written. */
  sent: number;
  /** It gets new events as they come. Otherwise its events are read from the database first. */
  isLive = false;
  isCatchingUp = false;
  private blockedTicks = 0;
  private ended = false;

  constructor(
    private readonly response: Response,
    readonly scope: Scope,
    readonly filters: EventFilters,
    readonly expiresAtMs: number,
    after: number,
  ) {
    this.sent = after;
  }

  get hasEnded(): boolean {
    return this.ended || this.response.destroyed;
  }

  /** The socket has not taken what was written last. */
  get isBlocked(): boolean {
    return this.response.writableNeedDrain;
  }

  open(): void {
    this.response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', connection: 'close', 'x-accel-buffering': 'no' });
    this.response.flushHeaders();
    this.write(`: open\nid: ${this.sent}\n\n`); // a reader that loses the connection before its first event continues from here
  }

  /** Calls back once the socket takes more. */
  whenDrained(then: () => void): void {
    this.response.once('drain', then);
  }

  write(text: string): void {
    if (!this.hasEnded) this.response.write(text);
  }

  /** A reader that takes nothing from one heartbeat to the next one is too slow, or away. */
  heartbeat(upTo: number): void {
    this.blockedTicks = this.isBlocked ? this.blockedTicks + 1 : 0;
    if (this.blockedTicks > 1) this.end('too_slow');
    else if (!this.isBlocked && this.isLive) this.write(`: heartbeat\nid: ${Math.max(this.sent, upTo)}\n\n`);
  }

  end(reason: string): void {
    if (this.hasEnded) return;
    this.ended = true;
    if (this.isBlocked)
      this.response.destroy(); // what waits for the socket would keep it open
    else this.response.end(`: ${reason}\n\n`);
  }
}
