import type { EndpointGroup } from '../http/route';
import { accountEndpoints, billingEndpoints } from './account.endpoints';
import { actionsEndpoints } from './actions.endpoints';
import { domainRecordsEndpoints, domainsEndpoints } from './domains.endpoints';
import { dropletActionsEndpoints } from './droplet-actions.endpoints';
import { dropletsEndpoints } from './droplets.endpoints';
import { offerEndpoints, snapshotsEndpoints } from './images.endpoints';
import { invoicesEndpoints } from './invoices.endpoints';
import { firewallsEndpoints, loadBalancersEndpoints } from './network.endpoints';
import { productListsEndpoints } from './product-lists.endpoints';
import { projectMembersEndpoints } from './project-members.endpoints';
import { projectsEndpoints } from './projects.endpoints';
import { reservedIpsEndpoints } from './reserved-ips.endpoints';
import { tagsEndpoints } from './tags.endpoints';
import { volumesEndpoints } from './volumes.endpoints';

/** Every endpoint group of the simulated API. A new group is a file and a line here. */
export const ENDPOINT_GROUPS: readonly EndpointGroup[] = [
  accountEndpoints,
  projectsEndpoints,
  projectMembersEndpoints,
  dropletsEndpoints,
  dropletActionsEndpoints,
  actionsEndpoints,
  tagsEndpoints,
  offerEndpoints,
  volumesEndpoints,
  snapshotsEndpoints,
  reservedIpsEndpoints,
  firewallsEndpoints,
  loadBalancersEndpoints,
  domainsEndpoints,
  domainRecordsEndpoints,
  productListsEndpoints,
  billingEndpoints,
  invoicesEndpoints,
];
