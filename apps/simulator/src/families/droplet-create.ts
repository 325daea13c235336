import { ok, type Answer } from '../http/answer';
import { notFound, unprocessable } from '../http/provider-refusal';
import { objectBody } from '../http/request-body';
import type { ProviderRequest } from '../http/route';
import type { DropletRecord } from '../world/records';
import type { World } from '../world/world';
import { parseBackupPolicy } from './backup-policy';
import { startAction } from './droplet-lifecycle';
import { dropletView } from './droplet-view';
import { choosePlacement, type Placement } from './droplet-placement';
import { registerTags } from './tag-registry';

const NAME = /^[a-zA-Z0-9]?[a-z0-9A-Z.-]*[a-z0-9A-Z]$/;
const MAX_NAMES = 10;
const MAX_USER_DATA_BYTES = 64 * 1024;

/** `POST /v2/droplets`: 202 with droplets that are `new`, have no networks and cannot be found for a while. Names need not be unique. */
export function createDroplets(world: World, request: ProviderRequest): Answer {
  const body = objectBody(request);
  const names = readNames(body);
  checkRoom(world, names.length);
  const placement = choosePlacement(world, body);
  if (typeof body.user_data === 'string' && Buffer.byteLength(body.user_data) > MAX_USER_DATA_BYTES) {
    throw unprocessable('User data must be at most 64 KiB.');
  }
  const volumes = readVolumes(world, body);
  const policy = body.backups === true ? parseBackupPolicy(body.backup_policy) : undefined;
  const tags = registerTags(world, body.tags ?? []);
  const features = readFeatures(body);

  const created = names.map((name) => {
    const droplet = newDroplet(world, name, placement, { tags, features, volume_ids: volumes, backup_policy: policy });
    if (typeof body.vpc_uuid === 'string') droplet.vpc_uuid = body.vpc_uuid;
    return beginCreate(world, droplet, request.baseUrl);
  });
  const links = { actions: created.map(({ link }) => link) };
  const droplets = created.map(({ droplet }) => dropletView(world, droplet));
  return ok(body.names === undefined ? { droplet: droplets[0], links } : { droplets, links }, 202);
}

/** Refuses a name that is not a host name. */
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
