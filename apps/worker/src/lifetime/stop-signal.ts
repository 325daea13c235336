import { Injectable } from '@nestjs/common';

/** Aborted when the time for finishing current work is over: what still runs hands itself back. */
@Injectable()
export class StopSignal {
  private readonly controller = new AbortController();
  readonly signal = this.controller.signal;

  abort(): void {
    this.controller.abort();
  }
}
