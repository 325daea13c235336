/** A droplet as the simulator's state holds it, as far as tests change it. */
export interface SimulatedDroplet {
  id?: number;
  name: string;
  region?: string;
  size_slug?: string;
  image?: string;
  tags?: string[];
  [field: string]: unknown;
}

export interface FaultRule {
  readonly id: string;
  readonly match?: { method?: string; path?: string; query?: Record<string, string>; nth?: number; probability?: number };
  readonly times?: number;
  readonly effect: { type: string; status?: number; body?: unknown; ms?: number; after?: boolean };
}

/** The tester's hand behind the simulated provider's back (`/_simulator`). */
export class SimulatorControl {
  constructor(readonly url: string) {}

  async account(): Promise<Record<string, unknown>> {
    return this.ask('GET', 'account');
  }

  async change(document: Record<string, unknown>): Promise<void> {
    await this.ask('PUT', 'account', document);
  }

  async withoutLags(): Promise<void> {
    const { lags } = (await this.account()) as { lags: Record<string, number> };
    await this.change({ lags: Object.fromEntries(Object.keys(lags).map((name) => [name, 0])) });
  }

  async allow(limits: { per_minute: number; per_hour: number }): Promise<void> {
    await this.change({ limits });
  }

  async droplets(): Promise<(SimulatedDroplet & { id: number })[]> {
    return ((await this.account()) as { droplets: (SimulatedDroplet & { id: number })[] }).droplets;
  }

  /** Replaces all droplets of the account. */
  async setDroplets(droplets: readonly SimulatedDroplet[]): Promise<void> {
    await this.change({ droplets });
  }

  async faults(rules: readonly FaultRule[]): Promise<void> {
    await this.ask('PUT', 'faults', { rules: rules.map((rule) => ({ match: {}, ...rule })) });
  }

  /** How often each fault fired, by the id of its rule. */
  async fired(): Promise<Record<string, number>> {
    const { rules } = (await this.ask('GET', 'faults')) as { rules: { id: string; fired: number }[] };
    return Object.fromEntries(rules.map(({ id, fired }) => [id, fired]));
  }

  /** How many answers are being held back now. */
  async held(): Promise<number> {
    const { rules } = (await this.ask('GET', 'faults')) as { rules: { held: number }[] };
    return rules.reduce((sum, { held }) => sum + held, 0);
  }

  /** Moves the simulator's clock on: lags and late effects follow. */
  async advance(advanceMs: number): Promise<void> {
    await this.ask('POST', 'clock', { advance_ms: advanceMs });
  }

  async calls(): Promise<{ method: string; path: string; status: number | null }[]> {
    return ((await this.ask('GET', 'ledger')) as { requests: { method: string; path: string; status: number | null }[] }).requests;
  }

  async forgetCalls(): Promise<void> {
    await fetch(`${this.url}/_simulator/ledger`, { method: 'DELETE' });
  }

  /** A call of somebody else who holds the account's token. */
  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const headers = { authorization: 'Bearer dop_v1_simulator', 'content-type': 'application/json' };
    const answer = await fetch(`${this.url}${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? undefined : answer.json();
  }

  private async ask(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.url}/_simulator/${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  }
}
