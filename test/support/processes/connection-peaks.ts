import { Client } from 'pg';

/** The interval between two polls of the server. Connections stay open for 30 s after their last use, so none is missed. */
const EVERY_MS = 100;

/** Counts the PostgreSQL connections of each process, by the `application_name` in its `DATABASE_URL`. */
export class ConnectionPeaks {
  private readonly peaks = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private polling: Promise<void> = Promise.resolve();

  private constructor(private readonly client: Client) {
    this.timer = setInterval(() => {
      this.polling = this.polling.then(() => this.poll());
    }, EVERY_MS);
  }

  static async watch(ownerUrl: string): Promise<ConnectionPeaks> {
    const client = new Client({ connectionString: ownerUrl, application_name: 'peaks' });
    await client.connect();
    return new ConnectionPeaks(client);
  }

  /** Returns the highest count of any process with this prefix of its name. */
  highest(prefix: string): number {
    return Math.max(0, ...[...this.peaks].filter(([name]) => name.startsWith(prefix)).map(([, peak]) => peak));
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    await this.polling;
    await this.client.end();
  }

  private async poll(): Promise<void> {
    const { rows } = await this.client.query<{ name: string; n: number }>(
      `select application_name as name, count(*)::int as n from pg_stat_activity where datname = current_database() group by 1`,
    );
    for (const { name, n } of rows) this.peaks.set(name, Math.max(n, this.peaks.get(name) ?? 0));
  }
}
