import { Injectable } from '@nestjs/common';
import { QueueClients } from './queue-clients';

/** Asked by readiness: can jobs be added and taken? */
@Injectable()
export class QueueHealth {
  constructor(private readonly clients: QueueClients) {}

  /** Throws `QueueUnavailableError` within 2 s. */
  ping(): Promise<void> {
    return this.clients.ping();
  }
}
