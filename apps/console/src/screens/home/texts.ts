import { count } from '../../parts/format';

/** Every text of a tenant's home. */
export const TEXTS = {
  title: 'Overview',
  sub: (resources: number, running: number) =>
    `${resources === 1 ? '1 resource' : `${count(resources)} resources`}. ${
      running === 0 ? 'No request is open.' : running === 1 ? 'One request is open.' : `${count(running)} requests are open.`
    }`,
  month: 'This month so far',
  soFar: (month: string) => `${month} so far, estimate`,
  last: (month: string, amount: string) => `${month} was ${amount}.`,
  chart: (month: string) => `Costs of each day of ${month} in dollars, an estimate. The page Costs has them as a table.`,
  costs: 'This month so far by resource',
  resources: 'My resources',
  monthly: (amount: string) => `${amount} a month at your prices`,
  all: (n: number) => `All ${count(n)} resources`,
  heads: { name: 'Name', kind: 'Kind', details: 'Details', state: 'State', price: '$ / month' },
  noResources: { title: 'You have no resources yet', hint: 'What you order appears here, with its state and price.' },
  limits: 'Limits',
  limitsSub: 'used of allowed',
  names: {
    max_droplets: 'Droplets',
    max_vcpus: 'vCPU',
    max_volume_gib: 'Volumes, GiB',
    max_snapshots: 'Snapshots',
    max_monthly_cost: 'Cost a month, $',
    open_sagas: 'Open requests',
  },
  rules: {
    sizes: 'Allowed sizes',
    regions: 'Allowed regions',
    approval: 'Needs approval above',
    destroys: 'Destroys an hour',
    all: 'all',
  },
  of: (used: number, most: number | null) => (most === null ? `${count(used)}, no limit` : `${count(used)} of ${count(most)}`),
  requests: 'Latest requests',
  allRequests: 'all requests',
  noRequests: 'Nothing ordered yet.',
  happened: 'What happened',
  allEvents: 'all events',
  noEvents: 'Nothing yet.',
  order: 'Order',
};
