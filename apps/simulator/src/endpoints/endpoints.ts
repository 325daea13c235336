import type { EndpointGroup } from '../http/route';
import { accountEndpoints, billingEndpoints, insightsEndpoints } from './account.endpoints';
import { appsEndpoints } from './apps.endpoints';
import { databasesEndpoints } from './databases.endpoints';
import { kubernetesEndpoints } from './kubernetes.endpoints';
import { otherProductsEndpoints } from './other-products.endpoints';
import { privateImagesEndpoints } from './private-images.endpoints';
import { networkPartsEndpoints, privateNetworksEndpoints } from './networks.endpoints';
import { registriesEndpoints } from './registries.endpoints';
import { sitesEndpoints } from './sites.endpoints';
import { actionsEndpoints } from './actions.endpoints';
import { domainRecordsEndpoints, domainsEndpoints } from './domains.endpoints';
import { dropletActionsEndpoints } from './droplet-actions.endpoints';
import { dropletGroupsEndpoints } from './droplet-groups.endpoints';
import { dropletsEndpoints } from './droplets.endpoints';
import { offerEndpoints, snapshotsEndpoints } from './images.endpoints';
import { invoicesEndpoints } from './invoices.endpoints';
import { firewallsEndpoints, loadBalancersEndpoints } from './network.endpoints';
import { projectMembersEndpoints, projectsEndpoints } from './projects.endpoints';
import { ipv6Endpoints, reservedIpsEndpoints } from './reserved-ips.endpoints';
import { tagsEndpoints } from './tags.endpoints';
import { volumesEndpoints } from './volumes.endpoints';

/** The products beside droplets and their network, and changes of parts. Most are declared resources. */
export const PRODUCT_GROUPS: readonly EndpointGroup[] = [
  databasesEndpoints,
  kubernetesEndpoints,
  appsEndpoints,
  registriesEndpoints,
  privateNetworksEndpoints,
  ipv6Endpoints,
  sitesEndpoints,
  otherProductsEndpoints,
  dropletGroupsEndpoints,
  privateImagesEndpoints,
  networkPartsEndpoints,
  insightsEndpoints,
];

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
  billingEndpoints,
  invoicesEndpoints,
  ...PRODUCT_GROUPS,
];
