import { ACME, type ProvisioningWorld } from '../../support/provisioning-world';

const FIRST_DROPLET = 700_000_000;
const FIRST_IMAGE = 190_000_000;
const CREATED_AT = '2026-01-01T00:00:00Z';

/** The objects that one case may work on, by the provider's ids. Each case has its own. */
export interface Place {
  readonly nr: number;
  readonly droplet: number;
  readonly other: number;
  readonly volume: string;
  readonly attached: string;
  readonly ip: string;
  readonly assigned: string;
  readonly firewall: string;
  readonly snapshot: number;
  readonly backup: number;
}

/**
 * One start: its input, its first write, and the part of the account that it changes. `pivot`: what it does cannot be undone. `desired`: the desired state
 * of its resource, for a revert.
 */
export interface ProductCase {
  readonly label: string;
  readonly kind: string;
  readonly desired?: Readonly<Record<string, unknown>>;
  readonly input: Record<string, unknown>;
  readonly tenantId: string | null;
  readonly write: { readonly method: string; readonly path: string };
  readonly pivot?: true;
  readonly state: (account: Account) => unknown;
  readonly after: unknown;
}

type Account = Awaited<ReturnType<ProvisioningWorld['simulator']['account']>>;
type Maker = (
  place: Place,
  id: (kind: string, providerId: string | number) => string,
) => Omit<ProductCase, 'kind' | 'label' | 'tenantId'> & { readonly kind?: string; readonly tenantId?: null };

export const RULES = {
  inbound_rules: [{ protocol: 'tcp', ports: '22', sources: { addresses: ['203.0.113.0/24'] } }],
  outbound_rules: [{ protocol: 'tcp', ports: '443', destinations: { addresses: ['0.0.0.0/0', '::/0'] } }],
};

const volumeOf = (place: Place, which: 'volume' | 'attached') => (account: Account) =>
  account.volumes.filter(({ id }) => id === place[which]).map(({ droplet_ids, size_gigabytes }) => [size_gigabytes, droplet_ids]);
const ipOf = (place: Place, which: 'ip' | 'assigned') => (account: Account) =>
  account.floating_ips.filter(({ ip }) => ip === place[which]).map(({ droplet_id }) => droplet_id);
const firewallOf = (place: Place) => (account: Account) =>
  account.firewalls
    .filter(({ id }) => id === place.firewall)
    .map(({ inbound_rules, droplet_ids }) => [inbound_rules.map(({ ports }) => ports), droplet_ids]);
const dropletOf = (place: Place) => (account: Account) => account.droplets.find(({ id }) => id === place.droplet);
const actionsOf = (id: number) => ({ method: 'POST', path: `/v2/droplets/${id}/actions` });
const volumeActions = (id: string) => ({ method: 'POST', path: `/v2/volumes/${id}/actions` });
const ipActions = (ip: string) => ({ method: 'POST', path: `/v2/reserved_ips/${ip}/actions` });

/** Every kind of saga on products, in one table. */
export const PRODUCT_KINDS: Readonly<Record<string, Maker>> = {
  create_volume: (place, id) => ({
    input: { name: `new-${place.nr}`, size_gib: 30, region: 'fra1', attach_to: id('droplet', place.droplet) },
    write: { method: 'POST', path: '/v2/volumes' },
    state: ({ volumes }) =>
      volumes.filter(({ name }) => name === `new-${place.nr}`).map(({ size_gigabytes, droplet_ids }) => [size_gigabytes, droplet_ids]),
    after: [[30, [place.droplet]]],
  }),
  attach_volume: (place, id) => ({
    input: { resource_id: id('volume', place.volume), droplet_resource_id: id('droplet', place.other) },
    write: volumeActions(place.volume),
    state: volumeOf(place, 'volume'),
    after: [[10, [place.other]]],
  }),
  detach_volume: (place, id) => ({
    input: { resource_id: id('volume', place.attached) },
    write: volumeActions(place.attached),
    state: volumeOf(place, 'attached'),
    after: [[10, []]],
  }),
  resize_volume: (place, id) => ({
    input: { resource_id: id('volume', place.volume), size_gib: 25 },
    write: volumeActions(place.volume),
    pivot: true,
    state: volumeOf(place, 'volume'),
    after: [[25, []]],
  }),
  delete_volume: (place, id) => ({
    input: { resource_id: id('volume', place.volume) },
    write: { method: 'DELETE', path: `/v2/volumes/${place.volume}` },
    pivot: true,
    state: volumeOf(place, 'volume'),
    after: [],
  }),
  reserve_ip: (place, id) => ({
    input: { droplet_resource_id: id('droplet', place.droplet) },
    write: { method: 'POST', path: '/v2/reserved_ips' },
    state: ({ floating_ips }) =>
      floating_ips.filter(({ droplet_id, ip }) => droplet_id === place.droplet || (droplet_id === null && !ip.startsWith('198.'))).length,
    after: 1,
  }),
  assign_ip: (place, id) => ({
    input: { resource_id: id('floating_ip', place.ip), droplet_resource_id: id('droplet', place.droplet) },
    write: ipActions(place.ip),
    state: ipOf(place, 'ip'),
    after: [place.droplet],
  }),
  unassign_ip: (place, id) => ({
    input: { resource_id: id('floating_ip', place.assigned) },
    write: ipActions(place.assigned),
    state: ipOf(place, 'assigned'),
    after: [null],
  }),
  release_ip: (place, id) => ({
    input: { resource_id: id('floating_ip', place.ip) },
    write: { method: 'DELETE', path: `/v2/reserved_ips/${place.ip}` },
    pivot: true,
    state: ipOf(place, 'ip'),
    after: [],
  }),
  create_firewall: (place, id) => ({
    input: { name: `wall-${place.nr}`, ...RULES, droplet_resource_ids: [id('droplet', place.droplet)] },
    write: { method: 'POST', path: '/v2/firewalls' },
    state: ({ firewalls }) =>
      firewalls
        .filter(
          ({ name, id: own, droplet_ids }) =>
            own !== place.firewall && (name === `wall-${place.nr}` || droplet_ids.includes(place.droplet)),
        )
        .map(({ name, droplet_ids }) => [name, droplet_ids]),
    after: [[`wall-${place.nr}`, [place.droplet]]],
  }),
  update_firewall: (place, id) => ({
    input: { resource_id: id('firewall', place.firewall), ...RULES },
    write: { method: 'PUT', path: `/v2/firewalls/${place.firewall}` },
    state: firewallOf(place),
    after: [[['22'], [place.droplet]]],
  }),
  attach_firewall: (place, id) => ({
    input: { resource_id: id('firewall', place.firewall), droplet_resource_ids: [id('droplet', place.other)] },
    write: { method: 'POST', path: `/v2/firewalls/${place.firewall}/droplets` },
    state: firewallOf(place),
    after: [[['443'], [place.droplet, place.other]]],
  }),
  rename_droplet: (place, id) => ({
    input: { resource_id: id('droplet', place.droplet), name: `renamed-${place.nr}` },
    write: actionsOf(place.droplet),
    state: (account) => dropletOf(place)(account)?.name,
    after: `renamed-${place.nr}`,
  }),
  set_droplet_backups: (place, id) => ({
    input: { resource_id: id('droplet', place.droplet), enabled: true, plan: 'daily' },
    write: actionsOf(place.droplet),
    state: (account) => (dropletOf(place)(account) as { backup_policy?: { plan: string } } | undefined)?.backup_policy?.plan ?? 'none',
    after: 'daily',
  }),
  tag_resource: (place, id) => ({
    input: { resource_id: id('volume', place.volume), tags: [`tag-${place.nr}`] },
    tenantId: null,
    write: { method: 'POST', path: `/v2/tags/tag-${place.nr}/resources` },
    state: ({ volumes }) => volumes.find((one) => one.id === place.volume)?.tags,
    after: [`tag-${place.nr}`],
  }),
  revert_product: (place, id) => ({
    input: { resource_id: id('volume', place.attached), fields: ['droplet_ids'] },
    desired: { droplet_ids: [String(place.other)] },
    tenantId: null,
    write: volumeActions(place.attached),
    state: volumeOf(place, 'attached'),
    after: [[10, [place.other]]],
  }),
  'revert_product: rules': (place, id) => ({
    kind: 'revert_product',
    input: { resource_id: id('firewall', place.firewall), fields: ['inbound_rules', 'name'] },
    desired: { name: `wanted-${place.nr}`, inbound_rules: [{ ...RULES.inbound_rules[0], ports: 22 }] },
    tenantId: null,
    write: { method: 'PUT', path: `/v2/firewalls/${place.firewall}` },
    state: (account) => [firewallOf(place)(account), account.firewalls.find((one) => one.id === place.firewall)?.name],
    after: [[[['22'], [place.droplet]]], `wanted-${place.nr}`],
  }),
  delete_snapshot: (place, id) => ({
    input: { resource_id: id('snapshot', place.snapshot) },
    write: { method: 'DELETE', path: `/v2/snapshots/${place.snapshot}` },
    pivot: true,
    state: ({ images }) => images.filter((one) => one.id === place.snapshot && one.status !== 'deleted').length,
    after: 0,
  }),
  restore_droplet: (place, id) => ({
    input: { resource_id: id('droplet', place.droplet), image: String(place.backup), skip_snapshot: true },
    write: actionsOf(place.droplet),
    pivot: true,
    state: (account) => dropletOf(place)(account)?.image_id,
    after: place.backup,
  }),
};

/** Adds the objects of so many cases to the account of tenant acme, and has them in the inventory. */
export async function addPlaces(world: ProvisioningWorld, first: number, count: number) {
  const places = Array.from({ length: count }, (_one, nth): Place => placeOf(first + nth));
  const { droplets, volumes, floating_ips, firewalls, images, members } = await world.simulator.account();
  const memberOf = (urn: string) => ({ project_id: ACME, urn });
  await world.simulator.change({
    images: [...images, ...places.flatMap(imagesOf)],
    droplets: [...droplets, ...places.flatMap(dropletsOf)],
    volumes: [...volumes, ...places.flatMap(volumesOf)],
    floating_ips: [...floating_ips, ...places.flatMap(({ ip, assigned, other }) => [anIp(ip, null), anIp(assigned, other)])],
    firewalls: [...firewalls, ...places.map(({ firewall, nr, droplet }) => ({ id: firewall, name: `fire-${nr}`, droplet_ids: [droplet] }))],
    members: [
      ...members,
      ...places.flatMap(({ droplet, other, volume, attached, ip, assigned }) =>
        [
          `do:droplet:${droplet}`,
          `do:droplet:${other}`,
          `do:volume:${volume}`,
          `do:volume:${attached}`,
          `do:floatingip:${ip}`,
          `do:floatingip:${assigned}`,
        ].map(memberOf),
      ),
    ],
  });
  for (const kind of ['project', 'droplet', 'volume', 'floating_ip', 'firewall', 'snapshot', 'droplet_backup'])
    await world.sweeps.run(kind, { trigger: 'manual' });
  const rows = (await world.asOwner('select id, kind, provider_id from cloud_resources where deleted_at is null')) as {
    id: string;
    kind: string;
    provider_id: string;
  }[];
  const ids = new Map(rows.map(({ id, kind, provider_id }) => [`${kind}:${provider_id}`, id]));
  const idOf = (kind: string, providerId: string | number): string => {
    const id = ids.get(`${kind}:${providerId}`);
    if (id === undefined) throw new Error(`no ${kind} ${providerId} in the inventory`);
    return id;
  };
  return { places, idOf };
}

function placeOf(nr: number): Place {
  const uuid = (group: string) => `00000000-0000-4000-8000-${group}${String(nr).padStart(10, '0')}`;
  return {
    nr,
    droplet: FIRST_DROPLET + 2 * nr,
    other: FIRST_DROPLET + 2 * nr + 1,
    volume: uuid('a1'),
    attached: uuid('a2'),
    ip: `198.18.${nr >> 7}.${(nr & 127) * 2}`,
    assigned: `198.18.${nr >> 7}.${(nr & 127) * 2 + 1}`,
    firewall: uuid('f1'),
    snapshot: FIRST_IMAGE + 2 * nr,
    backup: FIRST_IMAGE + 2 * nr + 1,
  };
}

const anIp = (ip: string, droplet_id: number | null) => ({ ip, droplet_id, region: 'fra1', project_id: ACME });

function dropletsOf({ nr, droplet, other, attached, snapshot, backup }: Place) {
  const has = { volume_ids: [attached], snapshot_ids: [snapshot], backup_ids: [backup] };
  return [
    { id: droplet, name: `one-${nr}`, ...has, region: 'fra1' },
    { id: other, name: `two-${nr}`, region: 'fra1' },
  ];
}

function volumesOf({ nr, volume, attached, droplet }: Place) {
  const fields = { region: 'fra1', size_gigabytes: 10, created_at: CREATED_AT };
  return [
    { id: volume, name: `free-${nr}`, ...fields },
    { id: attached, name: `used-${nr}`, ...fields, droplet_ids: [droplet] },
  ];
}

function imagesOf({ nr, snapshot, backup, droplet }: Place) {
  const fields = {
    public: false,
    regions: ['fra1'],
    created_at: CREATED_AT,
    min_disk_size: 25,
    size_gigabytes: 1,
    status: 'available',
    resource_id: droplet,
  };
  return [
    { id: snapshot, name: `snap-${nr}`, type: 'snapshot', ...fields },
    { id: backup, name: `backup-${nr}`, type: 'backup', ...fields },
  ];
}

/** One case of each kind, with objects of its own. `first`: the number of places that are in use. */
export async function casesOfEachKind(world: ProvisioningWorld, first: number): Promise<ProductCase[]> {
  const kinds = Object.entries(PRODUCT_KINDS);
  const { places, idOf } = await addPlaces(world, first, kinds.length);
  const cases = kinds.flatMap(([label, make], nth): ProductCase[] => {
    const place = places[nth];
    if (!place) return [];
    const made = make(place, idOf);
    return [{ label, kind: label, ...made, tenantId: made.tenantId === null ? null : 'acme' }];
  });
  for (const { input, desired } of cases) {
    if (desired)
      await world.asOwner('insert into cloud_provisioned (resource_id, spec) values ($1, $2)', [
        input.resource_id,
        JSON.stringify(desired),
      ]);
  }
  return cases;
}
