import type { InvoiceItem } from '../../world/billing-records';
import { moneyText, sumOfAmounts } from '../../world/money';
import type { SeededRandom } from '../../world/random';
import { apiTime } from '../../world/world';
import type { BilledAccount } from './billed-account';
import type { Month } from './life';

import { nameAt } from './past-project';
import { shareOf, SPACES_CENTS, usageCents } from './rates';

const HOUR_MS = 3_600_000;

/** Lines about the whole account, and the bandwidth of buckets. */
export function subscriptionLines({ state, ownerOf }: BilledAccount, month: Month, nth: number, random: SeededRandom): InvoiceItem[] {
  const hours = String(Math.floor((month.endMs - month.startMs) / HOUR_MS));
  const spaces = { product: 'Spaces Subscription', description: 'Spaces ($5/mo 250GB storage & 1TB bandwidth)', hours };
  const lines = [line(month, { ...spaces, amount: moneyText(usageCents(SPACES_CENTS, month.startMs, month.endMs)) }, 'account')];
  const buckets = state.members.filter(({ urn, assigned_at }) => urn.startsWith('do:space:') && Date.parse(assigned_at) < month.startMs);
  for (const { urn } of buckets.filter((_, place) => (place + nth) % 7 === 0).slice(0, 20)) {
    const project = ownerOf(urn);
    const name = urn.slice('do:space:'.length);
    const truth = {
      kind: 'spaces_bucket',
      provider_id: name,
      tenant: project.tenant,
      decidable: true,
      exists: true,
      project_id: project.id,
    };
    const fields = { product: 'Spaces Bandwidth', description: name, hours, amount: moneyText(random.integer(1, 240)) };
    lines.push({ ...line(month, fields, 'account'), project_name: nameAt(project, month.endMs - 1), truth });
  }
  if (nth % 5 === 3)
    lines.push(line(month, { product: 'Bandwidth Overage', description: 'Droplet transfer overage 131GiB', amount: '1.31' }, 'account'));
  if (nth % 6 === 4)
    lines.push(line(month, { product: 'Credits', description: 'Referral credit, "thank you"', amount: '-25.00' }, 'credit'));
  if (nth % 24 === 22)
    lines.push(line(month, { product: 'Credits', description: 'Service level credit\n(incident 4711)', amount: '-1044.30' }, 'credit'));
  return lines;
}

/** GST on everything; in every third month also a sales tax on the 8 % that count as used in the United States. */
export function taxLines(items: readonly InvoiceItem[], month: Month, nth: number): InvoiceItem[] {
  const netCents = sumOfAmounts(items);
  const gst = line(month, { product: 'Taxes', description: 'GST (10%)', amount: moneyText(shareOf(netCents, 10, 100)) }, 'tax');
  const state = { product: 'Taxes', description: 'STATE SALES TAX (6.25%)', amount: moneyText(shareOf(netCents, 5, 1000)) };
  return [gst, ...(nth % 3 === 1 ? [line(month, state, 'tax')] : [])].map((tax) => ({ ...tax, end_time: apiTime(month.endMs - 1000) }));
}

type Given = Pick<InvoiceItem, 'product' | 'description' | 'amount'> & { hours?: string };

function line(month: Month, given: Given, kind: 'account' | 'credit' | 'tax'): InvoiceItem {
  return {
    resource_id: null,
    resource_uuid: null,
    group_description: '',
    hours: null,
    start_time: apiTime(month.startMs),
    end_time: apiTime(month.endMs),
    project_name: '',
    category: 'iaas',
    ...given,
    truth: { kind, provider_id: null, tenant: null, decidable: true, exists: false, project_id: null },
  };
}
