import { billingEndpoints } from '../../../apps/simulator/src/endpoints/account.endpoints';
import { domainRecordsEndpoints, domainsEndpoints } from '../../../apps/simulator/src/endpoints/domains.endpoints';
import { invoicesEndpoints } from '../../../apps/simulator/src/endpoints/invoices.endpoints';
import { firewallsEndpoints, loadBalancersEndpoints } from '../../../apps/simulator/src/endpoints/network.endpoints';
import { reservedIpsEndpoints } from '../../../apps/simulator/src/endpoints/reserved-ips.endpoints';
import { snapshotsEndpoints } from '../../../apps/simulator/src/endpoints/images.endpoints';
import { volumesEndpoints } from '../../../apps/simulator/src/endpoints/volumes.endpoints';
import type { EndpointGroup } from '../../../apps/simulator/src/http/route';

/** The endpoint groups that the second contract spec calls. The first spec calls all others. */
export const RESOURCE_GROUPS: readonly EndpointGroup[] = [
  volumesEndpoints,
  snapshotsEndpoints,
  reservedIpsEndpoints,
  firewallsEndpoints,
  loadBalancersEndpoints,
  domainsEndpoints,
  domainRecordsEndpoints,
];

/** The endpoint groups that the contract spec of costs calls. */
export const COST_GROUPS: readonly EndpointGroup[] = [billingEndpoints, invoicesEndpoints];
