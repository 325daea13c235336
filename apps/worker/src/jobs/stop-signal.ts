import { Injectable } from '@nestjs/common';

/** Aborted when the time to finish current work is over. Work that still runs then hands its job or saga back. */
@Injectable()
export class StopSignal {
  private readonly controller = new AbortController();
  readonly signal = this.controller.signal;

  abort(): void {
    this.controller.abort();
  }
}
