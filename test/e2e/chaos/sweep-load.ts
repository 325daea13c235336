import { setTimeout as sleep } from 'node:timers/promises';
import { SWEEPS } from '#libs/inventory';
import { until } from '../../support/until';
import { STRANGER, type WholeWorld } from './whole-world';

const PAUSE_MS = 250;
/** The kinds whose lists get faults. They are swept more often, so that the faults fire soon. */
const WITH_FAULTS = ['droplet', 'snapshot', 'dns_zone', 'firewall', 'load_balancer', 'volume', 'project'];

/** Admins that request sweeps, of kinds with faults and of each kind in turn, and drift detections, and a stranger that renames managed droplets. */
export class SweepLoad {
  /** The droplets that were renamed outside the product: id and new name. */
  readonly renamed = new Map<string, string>();
  detections = 0;

  constructor(private readonly world: WholeWorld) {}

  async admin(over: AbortSignal): Promise<void> {
    for (let nth = 0; !over.aborted; nth += 1) {
      const round = Math.floor(nth / 4);
      const kind = nth % 4 === 3 ? SWEEPS[round % SWEEPS.length]?.kind : WITH_FAULTS[(nth - round) % WITH_FAULTS.length];
      await this.world.client.ask('POST', '/api/v1/sweeps', { body: { kind } });
      if (nth % 5 === 4) await this.detect();
      await sleep(PAUSE_MS); // the rate of the sweeps
    }
  }

  /** Adopts droplets of the account one after another, then renames each at the provider. */
  async stranger(over: AbortSignal, pauseMs: number): Promise<void> {
    const { droplets } = await this.world.simulator.account();
    for (const { id } of droplets.slice(0, 20)) {
      if (over.aborted) return;
      const name = `renamed-${id}`;
      await this.adopt(String(id));
      await this.rename(id, name);
      this.renamed.set(String(id), name);
      await sleep(pauseMs, undefined, { signal: over }).catch(() => undefined);
    }
  }

  async detect(): Promise<boolean> {
    const answer = await this.world.client.ask('POST', '/api/v1/drift/detect');
    if (answer?.status === 200) this.detections += 1;
    return answer?.status === 200;
  }

  private async adopt(providerId: string): Promise<void> {
    const [row] = await this.world.query<{ id: string }>(`select id from cloud_resources where kind = 'droplet' and provider_id = $1`, [
      providerId,
    ]);
    const { status, text } = await this.world.client.insist(`/api/v1/inventory/${row?.id}/adopt`, {});
    if (status >= 400 && status !== 409) throw new Error(`the adoption was not accepted: ${status} ${text}`); // A 409 means that the first response was lost.
  }

  private async rename(id: number, name: string): Promise<void> {
    await until(
      async () => {
        const answer = await fetch(`${this.world.providerUrl}/v2/droplets/${id}/actions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${STRANGER}`, 'content-type': 'application/json' },
          body: JSON.stringify({ type: 'rename', name }),
        });
        return answer.status === 201; // The provider returns 422 while another action is in progress.
      },
      { what: 'the renaming' },
    );
  }
}
