import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { EventsArchivedError } from '../inventory.errors';

/** Knows how far back the events reach. */
@Injectable()
export class HistoryHorizon {
  constructor(private readonly database: Database) {}

  /**
   * Throws `EventsArchivedError` when events at or after that time have been archived. Call it after a read: a month that was archived
   * during the read is then found too.
   */
  async assertCovers(at: string): Promise<void> {
    const [archived] = await this.database.query<{ before: Date }>(
      'select before from cloud_event_months where before > $1::timestamptz order by month desc limit 1',
      [at],
    );
    if (archived) throw new EventsArchivedError(archived.before.toISOString());
  }
}
