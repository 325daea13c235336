import { createHash } from 'node:crypto';
import { startSimulator } from '../../../apps/simulator/src';
import { SimulatorClient } from '../simulator-client';
import { until } from '../until';

/** The facts about a droplet on which an account and our inventory of it must agree. */
export interface DropletFacts {
  readonly id: string;
  readonly name: string | null;
  readonly region: string | null;
  readonly size: string | null;
  readonly status: string;
  readonly tenant: string | null;
}

const byId = (one: DropletFacts, other: DropletFacts): number => Number(one.id) - Number(other.id);

export const sorted = (droplets: readonly DropletFacts[]): DropletFacts[] => droplets.toSorted(byId);

/** The demo account at a simulated provider without lags. Each worker has its own token, so that requests identify their worker. */
export class SimulatedAccount {
  private constructor(
    readonly url: string,
    readonly control: SimulatorClient,
    readonly close: () => Promise<void>,
  ) {}

  static async start(tokens: readonly string[]): Promise<SimulatedAccount> {
    const { url, close } = await startSimulator();
    const control = new SimulatorClient(url);
    await control.withoutLags();
    await control.allow({ per_minute: 1_000_000, per_hour: 1_000_000 });
    await control.change({ tokens });
    return new SimulatedAccount(url, control, close);
  }

  /** Returns the droplets of the account, each with the tenant from the description of its project. */
  async droplets(): Promise<DropletFacts[]> {
    const { droplets, members, projects } = await this.control.account();
    const tenantOf = (id: number) => {
      const projectId = members.find(({ urn }) => urn === `do:droplet:${id}`)?.project_id;
      const project = projects.find((candidate) => candidate.id === projectId);
      return /tenant:(\S+)/.exec(project?.description ?? '')?.[1] ?? null;
    };
    return sorted(
      droplets.map(({ id, name, region, size_slug: size, status }) => ({
        id: String(id),
        name,
        region,
        size,
        status,
        tenant: tenantOf(id),
      })),
    );
  }

  /** Changes the account outside the product: deletes the oldest droplet, renames the next one, and creates a new one. */
  async change(newName: string): Promise<void> {
    const { droplets, members } = await this.control.account();
    const [oldest, renamed, ...others] = droplets;
    if (!oldest || !renamed) throw new Error('The demo account has no droplets');
    await this.control.change({ members: members.filter(({ urn }) => urn !== `do:droplet:${oldest.id}`) });
    await this.control.change({ droplets: [{ ...renamed, name: newName }, ...others, { name: `${newName}-new` }] });
  }

  async rename(newName: string): Promise<void> {
    const [first, ...others] = (await this.control.account()).droplets;
    await this.control.change({ droplets: [{ ...first, name: newName }, ...others] });
  }

  /** Blocks the next request for this list until `release`. Its response contains the account as of the request. */
  async hold(path: string, tokens: readonly string[]): Promise<void> {
    await this.control.faults(tokens.map((token) => blockingRule(path, token)));
  }

  /** Returns the token of the blocked request once there is one. Requests with other tokens pass from then on. */
  async blockedToken(path: string, tokens: readonly string[]): Promise<string> {
    const holding = await until(async () => (await this.control.faultReport()).find(({ held }) => held > 0), { what: 'a blocked request' });
    const token = tokens.find((one) => holding.id === one) ?? '';
    await this.control.faults([blockingRule(path, token)]);
    return token;
  }

  async release(): Promise<void> {
    await this.control.faults([]);
  }
}

function blockingRule(path: string, token: string) {
  const fingerprint = createHash('sha256').update(token).digest('hex').slice(0, 12); // This is the fingerprint that the simulator's ledger stores.
  return {
    id: token,
    match: { method: 'GET', path, token_fingerprint: fingerprint },
    times: 1,
    effect: { type: 'hold' as const, after: true },
  };
}
