import { setTimeout as sleep } from 'node:timers/promises';
import { get } from './http-probe';

interface InventoryPage {
  /** Null until every kind has been swept completely once: before that, resources may still lack their tenant. */
  readonly as_of?: string | null;
}

const LIMIT_MS = 10_000;
const POLL_MS = 100;

/** Waits until the demo account is listed with its tenants, so that the printed `curl` shows something. Gives up quietly: it is only a courtesy. */
export async function waitForFirstInventory(apiUrl: string, adminToken: string, isStopping: () => boolean): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!isStopping() && Date.now() < deadline) {
    const answer = await get(`${apiUrl}/api/v1/inventory?limit=1`, adminToken);
    if (answer?.status === 200 && (JSON.parse(answer.body) as InventoryPage).as_of) return;
    await sleep(POLL_MS);
  }
}
