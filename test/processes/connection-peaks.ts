import { Client } from 'pg';

/** How often the server is asked. Connections live for 30 s after their last use, so that none is missed. */
const EVERY_MS = 100;

/** Counts the PostgreSQL connections of processes, told apart by the `application_name` in their `DATABASE_URL`. */
export class ConnectionPeaks {
  private readonly peaks = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private looking: Promise<void> = Promise.resolve();

  private constructor(private readonly client: Client) {
    this.timer = setInterval(() => {
      this.looking = this.looking.then(() => this.look());
    }, EVERY_MS);
  }

  static async watch(ownerUrl: string): Promise<ConnectionPeaks> {
    const client = new Client({ connectionString: ownerUrl, application_name: 'peaks' });
    await client.connect();
    return new ConnectionPeaks(client);
  }

  /** The most that any process had at one time whose name begins so. */
  highest(prefix: string): number {
    return Math.max(0, ...[...this.peaks].filter(([name]) => name.startsWith(prefix)).map(([, peak]) => peak));
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
    await this.client.end();
  }

  private async look(): Promise<void> {
    const { rows } = await this.client.query<{ name: string; n: number }>(
      `select application_name as name, count(*)::int as n from pg_stat_activity where datname = current_database() group by 1`,
    );
    for (const { name, n } of rows) this.peaks.set(name, Math.max(n, this.peaks.get(name) ?? 0));
  }
}
