import { upgradeState } from './control/account-document';
import { seedState, type SeedOptions } from './demo/demo-state';
import { FAMILIES } from './families/families';
import { financeFamily } from './finance/finance.family';
import { FaultEngine } from './faults/fault-engine';
import { Ledger } from './http/ledger';
import { handleBy, LATE_REQUEST, ProviderApi } from './http/provider-api';
import { ProviderRefusal } from './http/provider-refusal';
import { RouteTable, type ProviderRequest } from './http/route';
import { Journal } from './journal/journal';
import { SeededRandom } from './world/random';
import { World, type Transition } from './world/world';

/** Faults draw from a generator of their own, so that a rule does not change which ids come next. */
const faultRandom = (seed: number): SeededRandom => new SeededRandom(seed ^ 0x5f3759df);

/** One simulated account with its faults and its ledger: everything but the port. */
export class Simulation {
  readonly world: World;
  readonly faults: FaultEngine;
  readonly ledger = new Ledger();
  readonly api: ProviderApi;
  private readonly journal?: Journal;

  /** Loads the state below `dataFolder`, or makes the account anew; without a folder it lives in memory only. */
  constructor(
    private options: SeedOptions,
    dataFolder?: string,
  ) {
    const routes = new RouteTable([...FAMILIES, financeFamily]);
    const seeded = seedState(options);
    this.journal = dataFolder === undefined ? undefined : Journal.open(dataFolder);
    const stored = this.journal?.load(seeded);
    const state = stored === undefined ? seeded : upgradeState(stored, options.token);
    this.journal?.rewrite(state);
    this.world = new World(state, transitionsOf(routes), this.journal);
    this.faults = new FaultEngine(faultRandom(options.seed));
    this.api = new ProviderApi(this.world, routes, this.faults, this.ledger);
  }

  /** A fresh account: rules, ledger, rate windows and clock begin anew too. What is not given stays as it was at the start. */
  reset(change: Partial<SeedOptions>): void {
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    const options = { ...this.options, ...given };
    this.world.replace(seedState(options));
    this.faults.reset(faultRandom(options.seed));
    this.ledger.clear();
    this.api.reset();
  }

  close(): void {
    this.journal?.close();
  }
}

/** What happens by itself in all families, and requests whose effect comes late (`late_commit`). */
function transitionsOf(routes: RouteTable): Record<string, Transition> {
  const late: Transition = (world, { data }) => {
    try {
      handleBy(routes, world, data as unknown as ProviderRequest);
    } catch (error) {
      if (!(error instanceof ProviderRefusal)) throw error; // a refusal: nobody listens any more
    }
  };
  return Object.assign({ [LATE_REQUEST]: late }, ...FAMILIES.map((family) => family.transitions ?? {})) as Record<string, Transition>;
}
