import type { ImageRecord } from '../world/records';
import type { World } from '../world/world';

/** An image as the API shows it. Application images count as `base` with the API's `type`. */
export function imageView(image: ImageRecord): Record<string, unknown> {
  const {
    id,
    name,
    distribution,
    slug,
    public: isPublic,
    regions,
    created_at,
    min_disk_size,
    size_gigabytes,
    description,
    tags,
    status,
  } = image;
  return {
    id,
    name,
    type: image.type === 'application' ? 'base' : image.type,
    distribution,
    slug,
    public: isPublic,
    regions,
    created_at,
    min_disk_size,
    size_gigabytes,
    description,
    tags,
    status,
    error_message: '',
  };
}

/** The image inside a droplet: its own copy outlives the image itself. */
export function dropletImageView(world: World, imageId: number): Record<string, unknown> {
  const image = world.collections.images.get(imageId);
  if (image !== undefined) return imageView(image);
  const lost = {
    id: imageId,
    name: 'Deleted image',
    type: 'snapshot',
    distribution: 'Unknown',
    slug: null,
    public: false,
    regions: [],
  } as const;
  const created = { created_at: '2020-01-01T00:00:00Z', min_disk_size: 0, size_gigabytes: 0, description: '', tags: [], status: 'deleted' };
  return { ...lost, ...created, error_message: '' };
}

/** A snapshot or backup as listed below its droplet: the id is an integer here. */
export function dropletSnapshotView({
  id,
  name,
  created_at,
  regions,
  min_disk_size,
  size_gigabytes,
  type,
}: ImageRecord): Record<string, unknown> {
  return { id, name, created_at, regions, min_disk_size, size_gigabytes, type };
}
