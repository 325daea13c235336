import { SeededRandom } from '../world/random';
import type { MemberRecord, MemberStatus, ProjectRecord } from '../world/records';
import { DEFAULT_LIMITS, FIRST_IDS, KEY_OF, type State } from '../world/state';
import { DEFAULT_VISIBILITY_DELAYS } from '../world/visibility-delay';
import { apiTime } from '../world/world';
import { demoActions, demoDroplets, demoImages } from './demo-droplets';
import { OFFERED_IMAGES, OFFERED_REGIONS, OFFERED_SIZES, REGION_SLUGS } from './demo-offers';
import { awkwardUrns, clientNetworks, demoUrns, memberOf, productsBeside, type Tenant, TENANTS, tenantsOf } from './demo-projects';
import { demoProducts } from './demo-products';
import { demoResources } from './demo-resources';

const DAY_MS = 86_400_000;

/** The options of a seeded account: the same options on the same day produce the same account. */
export interface SeedOptions {
  seed: number;
  /** Multiplies the 60 droplets of the demo account with their memberships, snapshots and backups, and all else by the rounded scale. */
  scale: number;
  /** The number of clients of the demo account; 12 by default. */
  tenants?: number;
  /** Seeds only the account, its default project and the offers. */
  empty: boolean;
  token: string;
}

/** The state of a new account, before the first request. */
export function seedState(
  { seed, scale, empty, token, tenants = TENANTS.length }: SeedOptions,
  startMs = Math.floor(Date.now() / DAY_MS) * DAY_MS,
): State {
  const random = new SeededRandom(seed);
  const state = { ...bareState(random, token, startMs), droplets: [], images: OFFERED_IMAGES };
  const filled: State = empty ? state : withDemo(state, random, startMs, scale, tenantsOf(tenants));
  const invoice_seed = empty ? null : { seed, scale, tenants, start_ms: startMs };
  return { ...filled, invoice_seed, counters: { ...filled.counters, random: random.position } };
}

/** The SSH keys of a new account. */
const SSH_KEYS = [
  {
    id: 512_189,
    fingerprint: '3b:16:bf:e4:8b:00:8b:b8:59:8c:a9:d3:f0:19:45:fa',
    public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEopsEXAMPLEopsEXAMPLEopsEXAMPLE ops@northwind.example',
    name: 'ops',
  },
  {
    id: 512_190,
    fingerprint: 'f5:de:eb:64:2d:6a:b6:d5:bb:06:47:7f:04:4b:f8:e2',
    public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEXAMPLEciEXAMPLEciEXAMPLEciEXAMPLEci ci@northwind.example',
    name: 'ci',
  },
];

function bareState(random: SeededRandom, token: string, startMs: number): State {
  const none = Object.fromEntries(Object.keys(KEY_OF).map((name) => [name, []])) as unknown as State;
  const team = { uuid: random.uuid(), name: 'Northwind Digital' };
  const owner = {
    owner_uuid: team.uuid,
    owner_id: 258_992,
    created_at: apiTime(startMs - 1_400 * DAY_MS),
    updated_at: apiTime(startMs - 90 * DAY_MS),
  };
  return {
    ...none,
    account: {
      droplet_limit: 200,
      floating_ip_limit: 25,
      reserved_ip_limit: 25,
      volume_limit: 100,
      name: 'Northwind Operations',
      email: 'ops@northwind.example',
      uuid: random.uuid(),
      email_verified: true,
      status: 'active',
      status_message: '',
      team,
    },
    tokens: [token],
    lags: { ...DEFAULT_VISIBILITY_DELAYS },
    limits: { ...DEFAULT_LIMITS },
    settings: { public_url: null, finance_secret: null },
    clock: { offset_ms: 0 },
    counters: { ...FIRST_IDS, member: 0, pending: 0, random: 0 },
    invoice_seed: null,
    regions: OFFERED_REGIONS,
    sizes: OFFERED_SIZES,
    images: OFFERED_IMAGES,
    projects: [
      {
        ...owner,
        id: random.uuid(),
        name: 'Northwind internal',
        description: 'The agency itself',
        purpose: 'Operational / Developer tooling',
        environment: 'Production',
        is_default: true,
      },
    ],
    ssh_keys: SSH_KEYS,
    vpcs: REGION_SLUGS.map((region) => ({
      id: random.uuid(),
      name: `default-${region}`,
      region,
      default: true,
      created_at: owner.created_at,
    })),
  };
}

function withDemo(state: State, random: SeededRandom, startMs: number, scale: number, tenants: readonly Tenant[]): State {
  const [internal] = state.projects;
  const projects = tenants.map(({ id, project, about, purpose }, nth): ProjectRecord => {
    const created_at = apiTime(startMs - (1_300 - (nth % 12) * 40) * DAY_MS);
    const text = { name: project, description: `${about}. tenant:${id}`, purpose, environment: 'Production' };
    return {
      ...text,
      id: random.uuid(),
      owner_uuid: internal?.owner_uuid ?? '',
      owner_id: 258_992,
      is_default: false,
      created_at,
      updated_at: created_at,
    };
  });
  const vpcs = new Map(state.vpcs.map((vpc) => [String(vpc.region), String(vpc.id)]));
  const owned = demoDroplets(random, startMs, { scale, tenants, firstId: FIRST_IDS.droplet, vpcs });
  const droplets = owned.map(({ droplet }) => droplet);
  const images = demoImages(random, startMs, droplets, FIRST_IDS.image);
  const actions = demoActions(random, droplets, FIRST_IDS.action);

  const members: MemberRecord[] = [];
  const join = (projectId: string, urn: string, at: string, status?: MemberStatus): void =>
    void members.push(memberOf(projectId, members.length + 1, urn, at, status));
  const projectIdOf = new Map(tenants.map(({ id }, nth) => [id, projects[nth]?.id ?? '']));
  for (const { droplet, tenant } of owned) {
    const projectId = (tenant && projectIdOf.get(tenant.id)) ?? internal?.id ?? '';
    join(projectId, `do:droplet:${droplet.id}`, droplet.created_at);
  }
  for (let round = 0; round < Math.max(1, Math.round(scale)); round += 1) {
    for (const [nth, { id }] of tenants.entries()) {
      for (const { urn } of demoUrns(random, id, nth, round)) join(projectIdOf.get(id) ?? '', urn, apiTime(startMs - 100 * DAY_MS));
    }
  }
  const clients = tenants.map(({ id, region }) => {
    const projectId = projectIdOf.get(id) ?? '';
    const mine = owned.flatMap(({ droplet, tenant }) => (tenant?.id === id ? [droplet] : []));
    return { id: projectId, owner: id, region, droplets: mine, members: members.filter(({ project_id }) => project_id === projectId) };
  });
  const networks = clientNetworks(clients, startMs);
  const resources = demoResources(random, startMs, clients);
  const products = demoProducts(startMs, clients, resources.load_balancers);
  for (const { urn, status } of awkwardUrns(random)) join(projectIdOf.get('acme') ?? '', urn, apiTime(startMs - 50 * DAY_MS), status);

  const tags = [...new Set(droplets.flatMap((droplet) => droplet.tags))].map((name) => ({ name, others: [] }));
  return {
    ...state,
    account: { ...state.account, droplet_limit: Math.max(200, droplets.length * 2) },
    projects: [...state.projects, ...projects],
    ...resources,
    ...products,
    ...productsBeside(clients, vpcs, startMs),
    vpcs: [...state.vpcs, ...networks],
    droplets,
    images: [...state.images, ...images],
    actions,
    members,
    tags,
    counters: {
      ...state.counters,
      droplet: droplets.at(-1)?.id ?? FIRST_IDS.droplet,
      image: images.at(-1)?.id ?? FIRST_IDS.image,
      action: actions.at(-1)?.id ?? FIRST_IDS.action,
      member: members.length,
      domain_record: resources.domain_records.at(-1)?.id ?? FIRST_IDS.domain_record,
    },
  };
}
