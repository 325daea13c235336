import type { World } from '../../world/world';
import { seedState } from '../demo-state';
import { demoInvoices } from './demo-invoices';

/** A larger account is taken as it is now: making it anew would keep everybody waiting for seconds. */
const LARGEST_REMADE = 10;

/**
 * Makes the invoices of the demo account when somebody first asks for them: a start does not wait for two years of lines.
 * The account of the first day is made anew for it, so it does not matter what has happened to the present one since.
 */
export function issueInvoices(world: World): void {
  const made = world.value('invoice_seed');
  if (made === null) return;
  const state = made.scale > LARGEST_REMADE ? world.state() : seedState({ ...made, empty: false, token: '' }, made.start_ms);
  const { invoices, history } = demoInvoices(state, made.seed, made.start_ms);
  for (const invoice of invoices) world.collections.invoices.put(invoice);
  for (const entry of history) world.collections.billing_history.put(entry);
  world.set('invoice_seed', null);
}
