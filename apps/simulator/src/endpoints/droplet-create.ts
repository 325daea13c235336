import { type Answer, notFound, objectBody, ok, type ProviderRequest, unprocessable } from '../http/route';
import type { BackupPolicy, DropletRecord, ImageRecord, RegionRecord, SizeRecord } from '../world/records';
import type { World } from '../world/world';
import { findSshKey } from './account.endpoints';
import { startAction } from './actions.endpoints';
import { dropletView } from './droplet-view';
import { registerTags } from './tags.endpoints';

const NAME = /^[a-zA-Z0-9]?[a-z0-9A-Z.-]*[a-z0-9A-Z]$/;
const MAX_NAMES = 10;
const MAX_USER_DATA_BYTES = 64 * 1024;

/** `POST /v2/droplets`: 202 with droplets that are `new`, have no networks and are invisible at first. Names need not be unique. */
export function createDroplets(world: World, request: ProviderRequest): Answer {
  const body = objectBody(request);
  const names = readNames(body);
  checkRoom(world, names.length);
  const placement = choosePlacement(world, body);
  if (typeof body.user_data === 'string' && Buffer.byteLength(body.user_data) > MAX_USER_DATA_BYTES) {
    throw unprocessable('User data must be at most 64 KiB.');
  }
  checkSshKeys(world, body.ssh_keys);
  const vpc = readVpc(world, body.vpc_uuid) ?? placement.vpc;
  const volumes = readVolumes(world, body);
  const policy = body.backups === true ? parseBackupPolicy(body.backup_policy) : undefined;
  const tags = registerTags(world, body.tags ?? []);
  const features = readFeatures(body);

  const created = names.map((name) => {
    const droplet = newDroplet(world, name, placement, { tags, features, vpc_uuid: vpc, volume_ids: volumes, backup_policy: policy });
    return beginCreate(world, droplet, request.baseUrl);
  });
  const links = { actions: created.map(({ link }) => link) };
  const droplets = created.map(({ droplet }) => dropletView(world, droplet));
  return ok(body.names === undefined ? { droplet: droplets[0], links } : { droplets, links }, 202);
}

/** Returns a valid host name, or refuses it with 422. */
export function checkDropletName(name: unknown): string {
  if (typeof name !== 'string' || name === '') throw unprocessable("Name can't be blank");
  if (name.length > 255 || !NAME.test(name)) throw unprocessable('Only valid hostname characters are allowed. (a-z, A-Z, 0-9, . and -)');
  return name;
}

function readNames(body: Record<string, unknown>): string[] {
  if (body.names === undefined) return [checkDropletName(body.name)];
  if (!Array.isArray(body.names) || body.names.length === 0) throw unprocessable("Name can't be blank");
  if (body.names.length > MAX_NAMES) throw unprocessable(`You can only create ${MAX_NAMES} Droplets at a time.`);
  return body.names.map(checkDropletName);
}

function checkRoom(world: World, wanted: number): void {
  if (world.collections.droplets.size + wanted > world.value('account').droplet_limit) {
    throw unprocessable('creating this/these droplet(s) will exceed your droplet limit');
  }
}

/** Unknown keys are refused with 422, which names them (doctl#257, terraform-provider-digitalocean#331). */
function checkSshKeys(world: World, keys: unknown): void {
  if (keys === undefined || keys === null) return;
  if (!Array.isArray(keys)) throw unprocessable('ssh_keys must be an array');
  const unknown = keys.filter((key) => findSshKey(world, key) === undefined);
  if (unknown.length > 0) throw unprocessable(`${unknown.map(String).join(', ')} are invalid key identifiers for Droplet creation.`);
}

/** The requested network; undefined for the default one. An unknown id, and a name in its place, is a 404 (python-digitalocean#264). */
export function readVpc(world: World, id: unknown): string | undefined {
  if (id === undefined || id === null || id === '') return undefined;
  if (typeof id !== 'string' || world.collections.vpcs.get(id) === undefined) throw notFound();
  return id;
}

function readVolumes(world: World, body: Record<string, unknown>): string[] {
  const volumes = Array.isArray(body.volumes) ? body.volumes.map(String) : [];
  if (volumes.some((id) => world.collections.volumes.get(id) === undefined)) throw notFound();
  return volumes;
}

function readFeatures(body: Record<string, unknown>): string[] {
  const wanted = { backups: body.backups === true, ipv6: body.ipv6 === true, monitoring: body.monitoring === true };
  const optional = Object.entries(wanted).flatMap(([feature, on]) => (on ? [feature] : []));
  return [...optional, ...(body.with_droplet_agent === false ? [] : ['droplet_agent']), 'private_networking'];
}

function newDroplet(world: World, name: string, { size, region, image, vpc }: Placement, rest: Partial<DropletRecord>): DropletRecord {
  return {
    id: world.nextId('droplet'),
    name,
    size_slug: size.slug,
    region: region.slug,
    image_id: image.id,
    status: 'new',
    disk: size.disk,
    tags: [],
    features: [],
    backup_ids: [],
    snapshot_ids: [],
    volume_ids: [],
    public_ipv4: null,
    private_ipv4: null,
    public_ipv6: null,
    vpc_uuid: vpc,
    created_at: world.now,
    hidden: ['get', 'list', 'tag'],
    ...rest,
  };
}

function beginCreate(world: World, droplet: DropletRecord, baseUrl: string): { droplet: DropletRecord; link: Record<string, unknown> } {
  world.collections.droplets.put(droplet);
  const action = startAction(world, droplet, 'create');
  world.after('droplet_readable_ms', 'droplet_show', droplet.id, { data: { views: ['get'] } });
  world.after('droplet_listed_ms', 'droplet_show', droplet.id, { data: { views: ['list'] } });
  world.after('tag_listed_ms', 'droplet_show', droplet.id, { data: { views: ['tag'] } });
  world.after('droplet_active_ms', 'droplet_active', droplet.id, { data: { action_id: action.id } });
  world.after('member_default_ms', 'member_default', `do:droplet:${droplet.id}`);
  return { droplet, link: { id: action.id, rel: 'create', href: `${baseUrl}/v2/actions/${action.id}` } };
}

/** Size, region, image and network of a new droplet. */
interface Placement {
  size: SizeRecord;
  region: RegionRecord;
  image: ImageRecord;
  /** The region's default VPC. */
  vpc: string;
}

/** Checks size, image and region of a create against the offers. A refusal is final: 422. */
function choosePlacement(world: World, body: Record<string, unknown>): Placement {
  const size = world.collections.sizes.get(String(body.size));
  if (size === undefined) throw unprocessable('You specified an invalid size for Droplet creation.');
  const image = findImage(world, body.image);
  if (image === undefined) throw unprocessable('You specified an invalid image for Droplet creation.');
  if (image.min_disk_size > size.disk) throw unprocessable('The image you specified is larger than the disk of the size.');
  const region = chooseRegion(world, body.region, size, image);
  return { size, region, image, vpc: defaultVpc(world, region.slug) };
}

/** Finds an available image by its id or slug. */
export function findImage(world: World, wanted: unknown): ImageRecord | undefined {
  const image =
    typeof wanted === 'number' || /^\d+$/.test(String(wanted))
      ? world.collections.images.get(Number(wanted))
      : world.collections.images.all().find(({ slug }) => slug !== null && slug === wanted);
  return image?.status === 'available' ? image : undefined;
}

/** Whether a region offers a size at present. */
export function isOffered(size: SizeRecord, region: RegionRecord): boolean {
  return size.available && region.available && size.regions.includes(region.slug);
}

function chooseRegion(world: World, wanted: unknown, size: SizeRecord, image: ImageRecord): RegionRecord {
  const regions = world.collections.regions.all();
  if (wanted === undefined || wanted === null) {
    const possible = regions.filter((region) => isOffered(size, region) && image.regions.includes(region.slug));
    if (possible.length === 0) throw unprocessable('Size is not available in this region.');
    return world.random.pick(possible);
  }
  const region = regions.find(({ slug }) => slug === wanted);
  if (region === undefined) throw unprocessable('You specified an invalid region for Droplet creation.');
  if (!isOffered(size, region)) throw unprocessable('Size is not available in this region.');
  if (!image.regions.includes(region.slug)) throw unprocessable('The image you specified is not available in the selected region.');
  return region;
}

function defaultVpc(world: World, region: string): string {
  const known = world.collections.vpcs.all().find((vpc) => vpc.region === region && vpc.default === true);
  if (known !== undefined) return String(known.id);
  const id = world.random.uuid();
  world.collections.vpcs.put({ id, name: `default-${region}`, region, default: true, created_at: world.now });
  return id;
}

const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** Reads `backup_policy`. Without a policy the provider chooses a weekly window. */
export function parseBackupPolicy(input: unknown): BackupPolicy {
  if (input === undefined || input === null) return { plan: 'weekly', weekday: 'SUN', hour: 4 };
  const { plan, weekday = 'SUN', hour = 4 } = input as Record<string, unknown>;
  if (typeof hour !== 'number' || hour % 4 !== 0 || hour < 0 || hour > 20) throw unprocessable('Invalid backup hour');
  if (plan === 'daily') return { plan, hour };
  const day = WEEKDAYS.find((known) => known === weekday);
  if (plan !== 'weekly' || day === undefined) throw unprocessable('Invalid backup plan');
  return { plan, weekday: day, hour };
}
