/** One client of the agency: its project carries `tenant:<id>` in the description. */
export interface Tenant {
  id: string;
  project: string;
  about: string;
  purpose: string;
  region: string;
  /** Droplets per 60. */
  droplets: number;
}

export const TENANTS: readonly Tenant[] = [
  { id: 'acme', project: 'Acme Stores', about: 'Online shop and ERP', purpose: 'Web Application', region: 'syd1', droplets: 9 },
  { id: 'bluebird', project: 'Bluebird Travel', about: 'Booking site', purpose: 'Web Application', region: 'fra1', droplets: 7 },
  { id: 'cedarworks', project: 'Cedarworks', about: 'Furniture configurator', purpose: 'Website or blog', region: 'nyc3', droplets: 6 },
  { id: 'dunelabs', project: 'Dune Labs', about: 'Sensor platform', purpose: 'IoT', region: 'ams3', droplets: 5 },
  { id: 'evergreen', project: 'Evergreen Clinics', about: 'Patient portal', purpose: 'Service or API', region: 'lon1', droplets: 5 },
  { id: 'foxglove', project: 'Foxglove Press', about: 'News site', purpose: 'Website or blog', region: 'lon1', droplets: 4 },
  { id: 'granite', project: 'Granite Legal', about: 'Document exchange', purpose: 'Service or API', region: 'tor1', droplets: 4 },
  { id: 'harbour', project: 'Harbour Logistics', about: 'Tracking API', purpose: 'Service or API', region: 'sgp1', droplets: 4 },
  { id: 'ironbark', project: 'Ironbark Mining', about: 'Reporting', purpose: 'Other: reporting', region: 'syd1', droplets: 3 },
  { id: 'juniper', project: 'Juniper & Co', about: 'Marketing sites', purpose: 'Website or blog', region: 'sfo3', droplets: 3 },
  {
    id: 'kestrel',
    project: 'Kestrel Aero',
    about: 'Flight data',
    purpose: 'Machine learning / AI / Data processing',
    region: 'nyc1',
    droplets: 2,
  },
  { id: 'lumen', project: 'Lumen Studio', about: 'Portfolio', purpose: 'Website or blog', region: 'blr1', droplets: 2 },
];

/** Droplets per 60 that stay in the agency's own default project. */
export const OWN_DROPLETS = 6;

const FIRST_WORDS = 'Maple North Opal Pine Quartz River Stone Tide Umber Vale Willow Yarrow Zephyr'.split(' ');
const SECOND_WORDS = 'Foods Legal Media Motors Dental Records Tools'.split(' ');
const REGIONS = ['syd1', 'fra1', 'nyc3', 'ams3', 'lon1', 'sgp1', 'tor1'];

/** So many clients: the known ones first, then made-up ones with two to four droplets each. */
export function tenantsOf(count: number): Tenant[] {
  const more = Array.from({ length: Math.max(0, count - TENANTS.length) }, (_, nth): Tenant => {
    const [first = '', second = ''] = [FIRST_WORDS[nth % FIRST_WORDS.length], SECOND_WORDS[nth % SECOND_WORDS.length]];
    const round = Math.floor(nth / (FIRST_WORDS.length * SECOND_WORDS.length));
    const number = round === 0 ? '' : String(round + 1);
    return {
      id: `${first}${second}${number}`.toLowerCase(),
      project: `${first} ${second}${number && ` ${number}`}`,
      about: 'Company site',
      purpose: 'Website or blog',
      region: REGIONS[nth % REGIONS.length] ?? 'fra1',
      droplets: 2 + (nth % 3),
    };
  });
  return [...TENANTS.slice(0, count), ...more];
}
