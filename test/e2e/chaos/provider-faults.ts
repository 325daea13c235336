import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRule } from '../../support/simulator-client';
import type { WholeWorld } from './whole-world';

type Rule = FaultRule & { readonly id: string };

const IMPORT = { method: 'POST', path: '/finance/*' };
const PAUSE_BETWEEN_ROUNDS_MS = 3_000;
/** The circuit breaker opens after five failed calls in a row (OPS-2). */
const CALLS_OF_OUTAGE = 5;
const OUTAGE_MS = 2_000;
/** This is longer than the lag bound with its waits and shorter than the reaper's grace, so the saga has repeated the request by then. */
const LATE_MS = 12_000;

/**
 * Faults of the provider and of finance, in rounds. Each fault applies to certain requests of a sort by their number. So
 * every fault fires under load with every seed, and no fault prevents another.
 */
export class ProviderFaults {
  /** The number of times each fault fired in completed rounds. */
  private readonly before: Record<string, number> = {};
  private rules: readonly Rule[] = [];
  /** The last faults for which the first round had to wait. */
  last: readonly string[] = [];
  roundsDone = 0;

  constructor(private readonly world: WholeWorld) {}

  async play(over: AbortSignal): Promise<void> {
    for (let round = 1; !over.aborted; round += 1) {
      this.rules = this.round(round);
      await this.world.simulator.faults(this.rules);
      await this.untilAllFired(over);
      if (over.aborted) return;
      if (round === 1) await this.outage(over);
      await this.noteFired();
      this.roundsDone = round;
      await sleep(PAUSE_BETWEEN_ROUNDS_MS, undefined, { signal: over }).catch(() => undefined);
    }
  }

  /** Ends the faults and returns how often each one fired, by its name without the round. */
  async end(): Promise<Record<string, number>> {
    await this.noteFired();
    return this.before;
  }

  /**
   * Returns an error page for every call for a while, and until enough calls met it: while PostgreSQL is away, or all
   * workers stand still, no call is made.
   */
  private async outage(over: AbortSignal): Promise<void> {
    const rule = { id: 'outage', match: { path: '/v2/*' }, effect: { type: 'status' as const, status: 503, body: 'html' } };
    await this.world.simulator.faults([...this.rules, rule]); // As the last rule it takes precedence over none of the others.
    await sleep(OUTAGE_MS); // the shortest length of the fault
    while (!over.aborted && (await this.timesFired(rule.id)) < CALLS_OF_OUTAGE) await sleep(100);
  }

  private async timesFired(rule: string): Promise<number> {
    return (await this.world.simulator.faultReport()).find(({ id }) => id === rule)?.fired ?? 0;
  }

  /** Returns the names of this round's faults that have not fired as often as they should. */
  private async open(): Promise<string[]> {
    return (await this.world.simulator.faultReport()).filter(({ fired, times = 1 }) => fired < times).map(({ id }) => id);
  }

  private async untilAllFired(over: AbortSignal): Promise<void> {
    while (!over.aborted) {
      const open = await this.open();
      if (open.length === 0) return;
      if (this.roundsDone === 0) this.last = open;
      await sleep(100); // each check is a call of the simulator that the load needs too
    }
  }

  private async noteFired(): Promise<void> {
    const report = await this.world.simulator.faultReport();
    await this.world.simulator.faults([]);
    for (const { id, fired } of report) add(this.before, id, fired);
  }

  private round(round: number): Rule[] {
    const { errorBody, tokens } = this.world.secrets;
    const page = `<html><h1>502</h1>${errorBody} ${tokens.all} ${tokens.provisioning}</html>`;
    const problem = { id: 'server_error', message: `${errorBody}: token ${tokens.provisioning} ${tokens.all}` };
    const saga = { token_fingerprint: fingerprint(tokens.provisioning) };
    const make = { method: 'POST', path: '/v2/droplets', ...saga };
    const act = { method: 'POST', path: '/v2/droplets/*/actions', ...saga };
    const remove = { method: 'DELETE', path: '/v2/droplets/*', ...saga };
    const put = { method: 'POST', path: '/v2/domains/*/records', ...saga };
    const assign = { method: 'POST', path: '/v2/projects/*/resources', ...saga };
    const sweep = { method: 'GET', token_fingerprint: fingerprint(tokens.all) };
    const bare: Rule[] = [
      { id: 'create: answer lost', match: { ...make, nth: 1 }, effect: { type: 'lose_answer' } },
      { id: 'create: late', match: { ...make, nth: 2 }, effect: { type: 'late_commit', ms: 2_500 } },
      { id: 'create: 500', match: { ...make, nth: 3 }, effect: { type: 'status', status: 500, body: problem } },
      { id: 'create: later than the lag bound', match: { ...make, nth: 4 }, effect: { type: 'late_commit', ms: LATE_MS } },
      { id: 'create: 429', match: { ...make, nth: 5 }, effect: { type: 'status', status: 429, ms: 1_000 } },
      { id: 'action: answer lost', match: { ...act, nth: 1 }, effect: { type: 'lose_answer' } },
      { id: 'action: answer after the time limit', match: { ...act, nth: 2 }, effect: { type: 'delay', ms: 4_000, after: true } },
      { id: 'action: page of a proxy', match: { ...act, nth: 3 }, effect: { type: 'status', status: 502, body: page } },
      { id: 'destroy: answer lost', match: { ...remove, nth: 1 }, effect: { type: 'lose_answer' } },
      { id: 'destroy: 500', match: { ...remove, nth: 2 }, effect: { type: 'status', status: 500, body: problem } },
      { id: 'record: answer lost', match: { ...put, nth: 2 }, effect: { type: 'lose_answer' } },
      { id: 'record: reset', match: { ...put, nth: 3 }, effect: { type: 'reset', after: true } },
      { id: 'assign: refused', match: { ...assign, nth: 2 }, effect: { type: 'status', status: 403 } },
      { id: 'assign: answer lost', match: { ...assign, nth: 3 }, effect: { type: 'lose_answer' } },
      { id: 'list: cut', match: { ...sweep, path: '/v2/droplets', nth: 2 }, effect: { type: 'truncate' } },
      { id: 'list: 429', match: { ...sweep, path: '/v2/droplets', nth: 4 }, effect: { type: 'status', status: 429, ms: 1_000 } },
      { id: 'list: half of it', match: { ...sweep, path: '/v2/snapshots' }, times: 2, effect: { type: 'hide', body: { ratio: 0.5 } } },
      { id: 'list: a few missing', match: { ...sweep, path: '/v2/domains' }, times: 3, effect: { type: 'hide', body: { ratio: 0.1 } } },
      { id: 'list: empty', match: { ...sweep, path: '/v2/firewalls' }, times: 2, effect: { type: 'hide' } },
      { id: 'list: reset', match: { ...sweep, path: '/v2/load_balancers', nth: 1 }, effect: { type: 'reset' } },
      { id: 'list: token rejected', match: { ...sweep, path: '/v2/volumes', nth: 2 }, effect: { type: 'revoke' } },
      {
        id: 'list: page of a proxy',
        match: { ...sweep, path: '/v2/projects', nth: 2 },
        effect: { type: 'status', status: 200, body: page },
      },
      { id: 'account: another one', match: { ...sweep, path: '/v2/account', nth: 2 }, effect: { type: 'other_account' } },
      { id: 'invoice: cut', match: { ...sweep, path: '/v2/customers/my/invoices/*/csv', nth: 2 }, effect: { type: 'truncate' } },
      {
        id: 'invoice: 500',
        match: { ...sweep, path: '/v2/customers/my/invoices/*', nth: 5 },
        effect: { type: 'status', status: 500, body: problem },
      },
      { id: 'finance: answer lost', match: { ...IMPORT, nth: 1 }, effect: { type: 'lose_answer' } },
      { id: 'finance: 503', match: { ...IMPORT, nth: 2 }, effect: { type: 'status', status: 503, body: problem } },
      { id: 'finance: page of a proxy', match: { ...IMPORT, nth: 3 }, effect: { type: 'status', status: 200, body: page } },
      { id: 'finance: reset', match: { ...IMPORT, nth: 4 }, effect: { type: 'reset', after: true } },
    ];
    return bare.map((rule) => ({ ...rule, times: rule.times ?? 1, id: `${rule.id} #${round}` }));
  }
}

function add(to: Record<string, number>, id: string, fired: number): void {
  const name = id.replace(/ #\d+$/, '');
  to[name] = (to[name] ?? 0) + fired;
}

/** This is the fingerprint that the simulator's ledger stores. */
function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 12);
}
