import { privateAddress, publicAddress } from '../families/droplet-lifecycle';
import type { DropletRecord } from '../world/records';
import type { State } from '../world/state';
import { ControlError } from './control-error';

type Fields = Record<string, unknown>;

/** A droplet of a PUT: only `name` is needed; size, region and image may also come nested as the API shows them. */
export function readDroplet(input: Fields, where: string, { sizes, regions, images }: State): DropletRecord {
  const id = input.id;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) throw new ControlError(`${where}.id must be a positive integer`);
  if (typeof input.name !== 'string' || input.name === '') throw new ControlError(`${where}.name is missing`);
  const sizeSlug = input.size_slug ?? slugOf(input.size) ?? 's-1vcpu-1gb';
  const size = sizes.find(({ slug }) => slug === sizeSlug);
  if (size === undefined)
    throw new ControlError(
      `${where}.size_slug ${JSON.stringify(sizeSlug)} is not in the catalogue: ${sizes.map(({ slug }) => slug).join(', ')}`,
    );
  const region = regions.find(({ slug }) => slug === (slugOf(input.region) ?? 'fra1'))?.slug;
  if (region === undefined)
    throw new ControlError(`${where}.region is not in the catalogue: ${regions.map(({ slug }) => slug).join(', ')}`);
  const { size: _size, image: _image, ...rest } = input;
  return {
    image_id: imageId(input, images),
    status: 'active',
    disk: size.disk,
    tags: [],
    features: ['droplet_agent', 'private_networking'],
    backup_ids: [],
    snapshot_ids: [],
    volume_ids: [],
    public_ipv4: publicAddress(id),
    private_ipv4: privateAddress(id),
    public_ipv6: null,
    vpc_uuid: '',
    ...(rest as Pick<DropletRecord, 'created_at' | 'name'>),
    id,
    size_slug: size.slug,
    region,
  };
}

function imageId(input: Fields, images: State['images']): number {
  if (typeof input.image_id === 'number') return input.image_id;
  const wanted = typeof input.image === 'object' ? (input.image as Fields | null)?.id : input.image;
  return images.find(({ id, slug }) => id === wanted || (slug !== null && slug === wanted))?.id ?? images[0]?.id ?? 0;
}

function slugOf(input: unknown): unknown {
  return typeof input === 'object' && input !== null ? (input as Fields).slug : input;
}
