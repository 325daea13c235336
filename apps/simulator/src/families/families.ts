import type { Family } from '../http/route';
import { accountFamily } from './account.family';
import { actionsFamily } from './actions.family';
import { billingFamily } from './billing.family';
import { catalogueFamily } from './catalogue.family';
import { domainRecordsFamily } from './domain-records.family';
import { domainsFamily } from './domains.family';
import { dropletActionsFamily } from './droplet-actions.family';
import { dropletsFamily } from './droplets.family';
import { firewallsFamily } from './firewalls.family';
import { invoicesFamily } from './invoices.family';
import { loadBalancersFamily } from './load-balancers.family';
import { projectMembersFamily } from './project-members.family';
import { projectsFamily } from './projects.family';
import { reservedIpsFamily } from './reserved-ips.family';
import { snapshotsFamily } from './snapshots.family';
import { tagsFamily } from './tags.family';
import { volumesFamily } from './volumes.family';

/** Every group of endpoints of the simulated API: a new one is a file and a line here. */
export const FAMILIES: readonly Family[] = [
  accountFamily,
  projectsFamily,
  projectMembersFamily,
  dropletsFamily,
  dropletActionsFamily,
  actionsFamily,
  tagsFamily,
  catalogueFamily,
  volumesFamily,
  snapshotsFamily,
  reservedIpsFamily,
  firewallsFamily,
  loadBalancersFamily,
  domainsFamily,
  domainRecordsFamily,
  billingFamily,
  invoicesFamily,
];
