import { DEFAULT_TOKEN, type FaultReport, type LedgerEntry, type State } from '../../apps/simulator/src';
import { until } from './until';

/** A droplet of a `PUT account`: only the name is required. */
export interface SimulatedDroplet {
  id?: number;
  name: string;
  region?: string;
  size_slug?: string;
  image?: string;
  tags?: string[];
  [field: string]: unknown;
}

/** A fault rule as a test writes it. The simulator checks it and reports a wrong field as 400. */
export interface FaultRule {
  readonly id?: string;
  readonly match?: Readonly<Record<string, unknown>>;
  readonly times?: number;
  readonly effect: { type: string; status?: number; body?: unknown; ms?: number; after?: boolean | 'effect' };
}

/** Client of the simulator's control API (`/_simulator`). Every method rejects with the simulator's message when it refuses. */
export class SimulatorClient {
  constructor(readonly url: string) {}

  async reset(options: { seed?: number; scale?: number; tenants?: number; empty?: boolean } = {}): Promise<void> {
    await this.control('POST', 'reset', options);
  }

  account(): Promise<State> {
    return this.control<State>('GET', 'account');
  }

  /** Edits the stored account: each key given replaces the current one. Returns those keys. */
  change(document: Record<string, unknown>): Promise<Partial<State>> {
    return this.control<Partial<State>>('PUT', 'account', document);
  }

  /** Sets visibility delays, in milliseconds of the simulator's clock. */
  async delay(lags: Partial<State['lags']>): Promise<void> {
    await this.change({ lags });
  }

  /** Sets every visibility delay to zero: an accepted request has its full effect at the next request. */
  async withoutLags(): Promise<void> {
    const { lags } = await this.account();
    await this.change({ lags: Object.fromEntries(Object.keys(lags).map((name) => [name, 0])) });
  }

  /** Sets the rate limits of a token. */
  async allow(limits: Partial<State['limits']>): Promise<void> {
    await this.change({ limits });
  }

  async droplets(): Promise<State['droplets']> {
    return (await this.account()).droplets;
  }

  /** Replaces all droplets of the account. */
  async setDroplets(droplets: readonly (SimulatedDroplet | State['droplets'][number])[]): Promise<void> {
    await this.change({ droplets });
  }

  /** Replaces all fault rules. */
  async faults(rules: readonly FaultRule[]): Promise<FaultReport[]> {
    return (await this.control<{ rules: FaultReport[] }>('PUT', 'faults', { rules })).rules;
  }

  async faultReport(): Promise<FaultReport[]> {
    return (await this.control<{ rules: FaultReport[] }>('GET', 'faults')).rules;
  }

  /** How often each fault rule fired, by its id. */
  async fired(): Promise<Record<string, number>> {
    return Object.fromEntries((await this.faultReport()).map(({ id, fired }) => [id, fired]));
  }

  /** How many requests all `hold` rules hold at present. */
  async held(): Promise<number> {
    return (await this.faultReport()).reduce((sum, { held }) => sum + held, 0);
  }

  /** Resolves when the `hold` rule with this id holds at least one request. */
  async untilHeld(id: string): Promise<void> {
    await until(async () => (await this.faultReport()).some((rule) => rule.id === id && rule.held > 0), {
      what: `a request at rule ${id}`,
    });
  }

  /** Moves the simulator's clock forward: visibility delays, rate windows and late effects follow it. */
  async advance(advanceMs: number): Promise<void> {
    await this.control('POST', 'clock', { advance_ms: advanceMs });
  }

  /** The ledger: every request to the simulated API after `since`, which is a `seq` or a time. */
  async calls(since?: number | string): Promise<LedgerEntry[]> {
    const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`;
    return (await this.control<{ requests: LedgerEntry[] }>('GET', `ledger${query}`)).requests;
  }

  async forgetCalls(): Promise<void> {
    await this.control('DELETE', 'ledger');
  }

  /** A request to the simulated API by another holder of the account's token. */
  call(method: string, path: string, body?: unknown): Promise<unknown> {
    return send(method, `${this.url}${path}`, body, { authorization: `Bearer ${DEFAULT_TOKEN}`, 'content-type': 'application/json' });
  }

  private control<T>(method: string, path: string, body?: unknown): Promise<T> {
    return send(method, `${this.url}/_simulator/${path}`, body, { 'content-type': 'application/json' }) as Promise<T>;
  }
}

async function send(method: string, url: string, body: unknown, headers: Record<string, string>): Promise<unknown> {
  const response = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
