import { createHash } from 'node:crypto';
import { startSimulator } from '../../apps/simulator/src';
import { SimulatorClient } from '../support/simulator-client';
import { eventually } from '../queues/eventually';

/** What an account and our inventory of it must agree on, for one droplet. */
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

/** The demo account at a simulated provider without lags. Each worker has a token of its own, so that one can tell who asks. */
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

  /** Its droplets, and whose they are: the tenant that the description of their project names. */
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

  /** Behind everybody's back: the oldest droplet is gone, the next one has another name, and there is a new one. */
  async change(newName: string): Promise<void> {
    const { droplets, members } = await this.control.account();
    const [gone, renamed, ...others] = droplets;
    if (!gone || !renamed) throw new Error('The demo account has no droplets');
    await this.control.change({ members: members.filter(({ urn }) => urn !== `do:droplet:${gone.id}`) });
    await this.control.change({ droplets: [{ ...renamed, name: newName }, ...others, { name: `${newName}-new` }] });
  }

  async rename(newName: string): Promise<void> {
    const [first, ...others] = (await this.control.account()).droplets;
    await this.control.change({ droplets: [{ ...first, name: newName }, ...others] });
  }

  /** The next request for this list gets its answer, with the account as it was when it was asked, only after `release`. */
  async hold(path: string, tokens: readonly string[]): Promise<void> {
    await this.control.faults(tokens.map((token) => heldOf(path, token)));
  }

  /** Whose request is being held, once one is. Requests of the others go through from then on. */
  async held(path: string, tokens: readonly string[]): Promise<string> {
    const holding = await eventually('a held request', async () => (await this.control.faultReport()).find(({ held }) => held > 0));
    const token = tokens.find((one) => holding.id === one) ?? '';
    await this.control.faults([heldOf(path, token)]);
    return token;
  }

  async release(): Promise<void> {
    await this.control.faults([]);
  }
}

function heldOf(path: string, token: string) {
  const fingerprint = createHash('sha256').update(token).digest('hex').slice(0, 12); // as in the simulator's ledger
  return {
    id: token,
    match: { method: 'GET', path, token_fingerprint: fingerprint },
    times: 1,
    effect: { type: 'hold' as const, after: true },
  };
}
