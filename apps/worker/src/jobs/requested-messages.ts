import { Injectable } from '@nestjs/common';
import { DirectMessages } from '#libs/notifications';
import { RequestQueue } from '#libs/tenant-billing';

/**
 * Delivers the messages that tenant billing asked for, such as reminders, by the mail and chat of the notifications: neither library knows the other
 * one. A request that was sent is sent once more when its worker dies before it records that. [WHK-4]
 */
@Injectable()
export class RequestedMessages {
  constructor(
    private readonly requests: RequestQueue,
    private readonly messages: DirectMessages,
  ) {}

  areDue(): Promise<boolean> {
    return this.requests.areDue();
  }

  /** Delivers until nothing is due, in the order of the requests: a tenant is reminded before it reads that it cannot order. */
  async send(signal?: AbortSignal): Promise<void> {
    for (;;) {
      if (signal?.aborted) return;
      const request = await this.requests.claim(this.messages.leaseMs);
      if (!request) return;
      const outcome = await this.messages.deliver(request, (receiver) => this.requests.reached(request, receiver), signal);
      if (outcome.is === 'delivered') await this.requests.delivered(request);
      if (outcome.is === 'interrupted') await this.requests.handBack(request);
      if (outcome.is === 'failed') await this.requests.failed(request, outcome.code, outcome.afterMs);
      if (outcome.is === 'postponed') await this.requests.postponed(request, outcome.code, outcome.afterMs);
    }
  }
}
