import type { EndedCall } from './call-outcome';

/** How long an answer may wait for company before it is reported. Its age is reported too, so waiting costs no allowance. */
const GATHER_MS = 100;
/** More is not kept while the database is away: an unreported call only holds its slot a little longer. */
const MOST_KEPT = 10_000;

/** Ended calls of one token on their way to the database: they travel with the next request for a call, or soon by themselves. */
export class RateLimitReporter {
  private waiting: EndedCall[] = [];
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();

  constructor(private readonly report: (ended: readonly EndedCall[]) => Promise<void>) {}

  add(call: EndedCall): void {
    this.waiting.push(call);
    this.timer ??= setTimeout(() => void this.flush(), GATHER_MS).unref();
  }

  /** For whoever talks to the database anyway; `putBack` what did not arrive. */
  take(): EndedCall[] {
    clearTimeout(this.timer);
    this.timer = undefined;
    return this.waiting.splice(0);
  }

  putBack(calls: readonly EndedCall[]): void {
    const kept = [...calls, ...this.waiting].slice(-MOST_KEPT);
    this.waiting = [];
    for (const call of kept) this.add(call);
  }

  /** Sends what waits and resolves when nothing is on its way. Never rejects: what failed is tried again later. */
  flush(): Promise<void> {
    const calls = this.take();
    if (calls.length > 0) {
      const sending = this.report(calls).catch(() => this.putBack(calls));
      this.underWay = Promise.all([this.underWay, sending]).then(() => undefined);
    }
    return this.underWay;
  }

  /** Resolves when what was sent before has arrived, so that a question asked afterwards is answered with it in mind. */
  settled(): Promise<void> {
    return this.underWay;
  }
}
