import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultReport } from '../faults/fault-engine';
import type { FaultRule } from '../faults/rule';
import type { LedgerEntry } from '../http/ledger';
import type { LagName, Limits } from '../world/lags';
import type { State } from '../world/state';

const POLL_MS = 10;

/** A rule as it is written down in a test: id and match may be left out. */
export type RuleInput = Omit<FaultRule, 'id' | 'match'> & Partial<Pick<FaultRule, 'id' | 'match'>>;

/** The control API as a client for tests: rejects with the simulator's sentence when it refuses. */
export class SimulatorControl {
  constructor(private readonly url: string) {}

  reset(options: { seed?: number; scale?: number; tenants?: number; empty?: boolean } = {}): Promise<unknown> {
    return this.send('POST', 'reset', options);
  }

  account(): Promise<State> {
    return this.send('GET', 'account') as Promise<State>;
  }

  /** Changes the world behind everybody's back; the keys given replace the present ones. Answers those keys. */
  put(change: Record<string, unknown>): Promise<Partial<State>> {
    return this.send('PUT', 'account', change) as Promise<Partial<State>>;
  }

  lags(lags: Partial<Record<LagName, number>>): Promise<Partial<State>> {
    return this.put({ lags });
  }

  /** Makes every lag zero: what was accepted has happened at the next request. */
  async withoutLags(): Promise<Partial<State>> {
    const { lags } = await this.account();
    return this.put({ lags: Object.fromEntries(Object.keys(lags).map((name) => [name, 0])) });
  }

  limits(limits: Partial<Limits>): Promise<Partial<State>> {
    return this.put({ limits });
  }

  /** Puts these rules in force instead of all others. */
  async faults(...rules: RuleInput[]): Promise<FaultReport[]> {
    return ((await this.send('PUT', 'faults', { rules })) as { rules: FaultReport[] }).rules;
  }

  async faultReport(): Promise<FaultReport[]> {
    return ((await this.send('GET', 'faults')) as { rules: FaultReport[] }).rules;
  }

  /** Resolves when a `hold` rule holds `count` requests. */
  async held(id: string, count = 1): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (!(await this.faultReport()).some((rule) => rule.id === id && rule.held >= count)) {
      if (Date.now() > deadline) throw new Error(`Rule ${id} holds nothing`);
      await sleep(POLL_MS);
    }
  }

  async ledger(since?: number | string): Promise<LedgerEntry[]> {
    const query = since === undefined ? '' : `?since=${encodeURIComponent(since)}`;
    return ((await this.send('GET', `ledger${query}`)) as { requests: LedgerEntry[] }).requests;
  }

  clearLedger(): Promise<unknown> {
    return this.send('DELETE', 'ledger');
  }

  /** Moves the simulator's clock on: lags and rate windows follow. */
  advance(advanceMs: number): Promise<unknown> {
    return this.send('POST', 'clock', { advance_ms: advanceMs });
  }

  private async send(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/_simulator/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const answer: unknown = text === '' ? undefined : JSON.parse(text);
    if (!response.ok) throw new Error((answer as { error: string }).error);
    return answer;
  }
}
