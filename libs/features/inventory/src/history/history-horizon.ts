import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { EventsArchivedError } from './archive.error';

/** How far back the events reach. */
@Injectable()
export class HistoryHorizon {
  constructor(private readonly database: Database) {}

  /** Throws `EventsArchivedError` when events of that time or after it have left. Asked after a read: what had left by then is known by now. */
  async assertCovers(at: string): Promise<void> {
    const [left] = await this.database.query<{ before: Date }>(
      'select before from cloud_event_months where before > $1::timestamptz order by month desc limit 1',
      [at],
    );
    if (left) throw new EventsArchivedError(left.before.toISOString());
  }
}
