/** One request to the provider's API. `status` is null while a rule holds the request, and stays null when the connection was broken. */
export interface LedgerEntry {
  seq: number;
  /** Time of the simulator's clock, RFC 3339 with milliseconds. */
  at: string;
  method: string;
  path: string;
  query: Record<string, string>;
  status: number | null;
  /** Distinguishes tokens without revealing them. */
  token_fingerprint: string | null;
  faults: string[];
  request_id: string;
}

const CAPACITY = 50_000;

/** The newest 50,000 requests. */
export class Ledger {
  private entries: LedgerEntry[] = [];
  private lastSeq = 0;
  private forgotten = 0;

  openEntry(entry: Omit<LedgerEntry, 'seq' | 'status' | 'faults'>): LedgerEntry {
    this.lastSeq += 1;
    const opened: LedgerEntry = { seq: this.lastSeq, status: null, faults: [], ...entry };
    this.entries.push(opened);
    if (this.entries.length >= 2 * CAPACITY) this.forget(this.entries.length - CAPACITY);
    return opened;
  }

  /** The requests after `since`, which is a `seq` or an RFC 3339 time of the simulator's clock. */
  report(since?: string): { requests: LedgerEntry[]; last_seq: number; dropped: number } {
    if (this.entries.length > CAPACITY) this.forget(this.entries.length - CAPACITY);
    const requests = this.entries.filter((entry) => isAfter(entry, since));
    return { requests, last_seq: this.lastSeq, dropped: this.forgotten };
  }

  clear(): void {
    this.entries = [];
    this.forgotten = 0;
  }

  private forget(count: number): void {
    this.entries = this.entries.slice(count);
    this.forgotten += count;
  }
}

function isAfter(entry: LedgerEntry, since: string | undefined): boolean {
  if (since === undefined) return true;
  return /^\d+$/.test(since) ? entry.seq > Number(since) : Date.parse(entry.at) >= Date.parse(since);
}
