import { billingFamily } from '../../apps/simulator/src/families/billing.family';
import { domainRecordsFamily } from '../../apps/simulator/src/families/domain-records.family';
import { domainsFamily } from '../../apps/simulator/src/families/domains.family';
import { firewallsFamily } from '../../apps/simulator/src/families/firewalls.family';
import { invoicesFamily } from '../../apps/simulator/src/families/invoices.family';
import { loadBalancersFamily } from '../../apps/simulator/src/families/load-balancers.family';
import { reservedIpsFamily } from '../../apps/simulator/src/families/reserved-ips.family';
import { snapshotsFamily } from '../../apps/simulator/src/families/snapshots.family';
import { volumesFamily } from '../../apps/simulator/src/families/volumes.family';
import type { Family } from '../../apps/simulator/src/http/route';

/** The families that the second contract spec drives; the first one drives all others. */
export const RESOURCE_FAMILIES: readonly Family[] = [
  volumesFamily,
  snapshotsFamily,
  reservedIpsFamily,
  firewallsFamily,
  loadBalancersFamily,
  domainsFamily,
  domainRecordsFamily,
];

/** The families that the spec of costs drives. */
export const COST_FAMILIES: readonly Family[] = [billingFamily, invoicesFamily];
