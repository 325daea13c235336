import {
  type Answer,
  badRequest,
  type EndpointGroup,
  list,
  noContent,
  notFound,
  objectBody,
  ok,
  ProviderRefusal,
  type ProviderRequest,
  sourceOf,
  unprocessable,
} from '../http/route';
import type { ImageRecord } from '../world/records';
import type { World } from '../world/world';
import { actionView, completeAction, startResourceAction } from './actions.endpoints';
import { like, oneOf, readBody, region, text, texts } from './body-fields';
import { imageView, removeImage } from './images.endpoints';

/** The private image of the path. A public image takes no change. */
function ownImage(world: World, { params }: ProviderRequest): ImageRecord {
  const image = world.collections.images.get(Number(params.id));
  if (image === undefined || image.hidden === true || image.status === 'deleted') throw notFound();
  if (image.public) throw new ProviderRefusal('forbidden', 'You do not have access for the attempted action.');
  return image;
}

function createImage(world: World, request: ProviderRequest): Answer {
  const {
    name,
    region: slug,
    description = '',
    distribution = 'Unknown',
    tags = [],
  } = readBody(world, request, {
    name: text,
    url: like(/^https?:\/\//),
    region,
    'description?': (value) => typeof value === 'string',
    'distribution?': text,
    'tags?': texts,
  }) as { name: string; region: string; description?: string; distribution?: string; tags?: string[] };
  const image = world.collections.images.put({
    id: world.nextId('image'),
    name,
    type: 'custom',
    distribution,
    slug: null,
    public: false,
    regions: [slug],
    created_at: world.now,
    min_disk_size: 15,
    size_gigabytes: 2.34,
    description,
    tags,
    status: 'NEW',
  });
  world.after('snapshot_action_ms', 'image_available', image.id);
  return ok({ image: imageView(image) }, 202);
}

/** Starts a transfer to another region, or the conversion of a backup to a snapshot. */
function actOnImage(world: World, request: ProviderRequest): Answer {
  const image = ownImage(world, request);
  const { type, region: slug } = readBody(world, request, { type: oneOf('convert', 'transfer'), 'region?': region }) as {
    type: string;
    region?: string;
  };
  if (type === 'transfer' && (slug === undefined || image.regions.includes(slug))) throw unprocessable('region is invalid');
  if (type === 'convert' && image.type !== 'backup') throw unprocessable('only backups can be converted');
  const action = startResourceAction(world, type, 'image', image.id, image.regions[0] ?? '', { image: image.id });
  world.after('snapshot_action_ms', 'image_action_done', action.id, { data: { image: image.id, region: slug ?? null } });
  return ok(actionView(world, action), 201);
}

/** The actions of the image of the path, newest first. */
function actionsOf(world: World, request: ProviderRequest) {
  const { id } = ownImage(world, request);
  return world.collections.actions
    .all()
    .filter((action) => action.hidden !== true && action.input?.image === id)
    .toReversed();
}

/** The transfer that the body names, of the image of the path to another account. */
function pendingTransfer(world: World, request: ProviderRequest): ImageRecord {
  const image = ownImage(world, request);
  const { transfer_id: id } = objectBody(request);
  if (image.transfer_id === undefined || image.transfer_id !== id) throw notFound();
  return image;
}

function endTransfer(world: World, request: ProviderRequest, answer: Answer): Answer {
  const { transfer_id: _ended, ...image } = pendingTransfer(world, request);
  world.collections.images.put(image);
  return answer;
}

/** Custom images, changes of private images, and their transfer to another region or account. */
export const privateImagesEndpoints: EndpointGroup = {
  routes: [
    { method: 'POST', path: '/v2/images', handle: createImage },
    {
      method: 'PUT',
      path: '/v2/images/:id',
      handle: (world, request) => {
        const image = ownImage(world, request);
        const changes = readBody(world, request, {
          'name?': text,
          'distribution?': text,
          'description?': (value) => typeof value === 'string',
        });
        return ok({ image: imageView(world.collections.images.put({ ...image, ...changes })) });
      },
    },
    {
      method: 'DELETE',
      path: '/v2/images/:id',
      handle: (world, request) => {
        removeImage(world, ownImage(world, request));
        return noContent;
      },
    },
    { method: 'POST', path: '/v2/images/:id/actions', handle: actOnImage },
    {
      method: 'GET',
      path: '/v2/images/:id/actions',
      handle: (world, request) =>
        list(
          'actions',
          sourceOf(actionsOf(world, request), (action) => actionView(world, action)),
        ),
    },
    {
      method: 'GET',
      path: '/v2/images/:id/actions/:action_id',
      handle: (world, request) => {
        const action = actionsOf(world, request).find(({ id }) => String(id) === request.params.action_id);
        if (action === undefined) throw notFound();
        return ok(actionView(world, action));
      },
    },
    {
      method: 'POST',
      path: '/v2/images/:id/account_transfer',
      handle: (world, request) => {
        const image = ownImage(world, request);
        const { recipient_email: email, recipient_uuid: uuid } = objectBody(request);
        if (typeof email !== 'string' && typeof uuid !== 'string') throw badRequest('a recipient is required');
        if (image.transfer_id !== undefined) throw unprocessable('a transfer of this image is pending');
        const transfer_id = world.nextId('image');
        world.collections.images.put({ ...image, transfer_id });
        return ok({ transfer_id }, 201);
      },
    },
    { method: 'POST', path: '/v2/images/:id/account_transfer/cancel', handle: (world, request) => endTransfer(world, request, noContent) },
    { method: 'POST', path: '/v2/images/:id/account_transfer/decline', handle: (world, request) => endTransfer(world, request, noContent) },
  ],
  transitions: {
    image_available: (world, { ref }) => {
      const image = world.collections.images.get(ref);
      if (image?.status === 'NEW') world.collections.images.put({ ...image, status: 'available' });
    },
    image_action_done: (world, { ref, data }) => {
      completeAction(world, ref);
      const image = world.collections.images.get(Number(data?.image));
      if (image === undefined) return;
      const isTransfer = typeof data?.region === 'string';
      world.collections.images.put(
        isTransfer ? { ...image, regions: [...image.regions, String(data?.region)] } : { ...image, type: 'snapshot' },
      );
    },
  },
};
