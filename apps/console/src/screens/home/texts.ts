import { count } from '../../parts/format';

/** Every text of a tenant's home. */
export const TEXTS = {
  title: 'Overview',
  month: 'This month so far',
  estimate: 'estimate at list prices',
  rate: 'A month at what runs now',
  last: (month: string) => `Invoice of ${month}`,
  costs: 'See the costs',
  resources: 'What you have',
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
  noRequests: 'Nothing ordered yet.',
  order: 'Order',
};
