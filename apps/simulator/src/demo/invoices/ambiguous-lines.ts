import { type InvoiceItem, moneyText } from '../../world/billing-records';
import type { SeededRandom } from '../../world/random';
import { apiTime } from '../../world/world';
import { DEPARTED, type PastProject, wasRenamedSince } from './billed-account';
import { snapshotCents, snapshotText } from './current-usage';
import type { PastUsage } from './past-usage';
import { linesOf, type Month } from './usage-interval';

const HOUR_S = 3600;

interface Sources {
  random: SeededRandom;
  past: PastUsage;
  clients: readonly PastProject[];
  /** Names that several droplets share. */
  namesakes: readonly string[];
}

/**
 * Lines without a determinable owner. Their amounts are small, since in real accounts the owner of a large one is known. The forms
 * alternate, beginning with number `first`.
 */
export function ambiguousLines(
  { first, count }: { first: number; count: number },
  month: Month,
  { random, past, clients, namesakes }: Sources,
): InvoiceItem[] {
  const renamed = clients.filter((project) => wasRenamedSince(project, month.endMs));
  const someTime = (): number => month.startMs + random.integer(0, Math.max(1, (month.endMs - month.startMs) / 1000 - 2 * HOUR_S)) * 1000;
  const shortRun = (project: PastProject, name: string): InvoiceItem[] =>
    past.shortRun(project, name, someTime()).flatMap((interval) => linesOf(interval, month));
  const forms = [
    () => nameless(random, month, clients),
    () => shortRun(DEPARTED, `marlowe-ci-${random.integer(1, 99)}`),
    ...(renamed.length === 0 ? [] : [() => shortRun(random.pick(renamed), `build-${random.integer(1, 999)}`)]),
    ...(namesakes.length === 0 ? [] : [() => namesake(random.pick(namesakes), someTime())]),
  ];
  return Array.from({ length: count }, (_, nth) => forms[(first + nth) % forms.length]?.() ?? []).flat();
}

/** A manual snapshot with a generic name, in no project. */
function nameless(random: SeededRandom, month: Month, clients: readonly PastProject[]): InvoiceItem[] {
  const sizeGb = random.integer(50, 400) / 100;
  const truth = { kind: 'snapshot', provider_id: String(random.integer(150_000_000, 180_000_000)), tenant: random.pick(clients).tenant };
  const line = {
    ...bare(month.startMs, month.endMs, snapshotCents(sizeGb)),
    product: 'Droplet Snapshots',
    description: snapshotText('manual-backup', 'fra1', sizeGb, 'Droplet'),
    hours: String(Math.floor((month.endMs - month.startMs) / (HOUR_S * 1000))),
  };
  return [{ ...line, truth: { ...truth, decidable: false, exists: false, project_id: null } }];
}

/** A short run under a name that two current droplets share; it was neither of them. */
function namesake(name: string, fromMs: number): InvoiceItem[] {
  const line = { ...bare(fromMs, fromMs + 20 * 60_000, 1), product: 'Droplets', description: `${name} (s-1vcpu-1gb-amd)`, hours: '0' };
  const truth = { kind: 'droplet', provider_id: null, tenant: null, decidable: false, exists: false, project_id: null };
  return [{ ...line, truth }];
}

function bare(fromMs: number, toMs: number, cents: number) {
  const none = { resource_id: null, resource_uuid: null, group_description: '', project_name: '', category: 'iaas' };
  return { ...none, start_time: apiTime(fromMs), end_time: apiTime(toMs), amount: moneyText(cents) };
}
