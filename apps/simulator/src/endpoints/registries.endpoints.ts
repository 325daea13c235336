import {
  type Answer,
  type EndpointGroup,
  list,
  noContent,
  notFound,
  ok,
  ProviderRefusal,
  type ProviderRequest,
  type Route,
  sourceOf,
  unprocessable,
} from '../http/route';
import type { OpaqueRecord } from '../world/records';
import type { World } from '../world/world';
import { like, oneOf, readBody, region } from './body-fields';
import { type Resource, routesOf } from './resource-routes';

const GIB = 1_073_741_824;
const TIERS = [
  { name: 'Starter', slug: 'starter', repositories: 1, gib: 0.5, cents: 0 },
  { name: 'Basic', slug: 'basic', repositories: 5, gib: 5, cents: 500 },
  { name: 'Professional', slug: 'professional', repositories: 0, gib: 100, cents: 2_000 },
].map(({ name, slug, repositories, gib, cents }) => ({
  name,
  slug,
  included_repositories: repositories,
  included_storage_bytes: gib * GIB,
  allow_storage_overage: cents > 0,
  included_bandwidth_bytes: gib * GIB,
  monthly_price_in_cents: cents,
  storage_overage_price_in_cents: 2,
}));
const tierOf = (slug: unknown) => TIERS.find((tier) => tier.slug === slug);
const tierSlug = oneOf(...TIERS.map(({ slug }) => slug));
const registryName = like(/^[a-z0-9-]{1,63}$/);
const FIELDS = { name: registryName, 'subscription_tier_slug?': tierSlug, 'region?': region };

/** The subscription is of the account: all its registries have it. */
function subscribe(world: World, slug: unknown): OpaqueRecord {
  const { registries } = world.collections;
  const before = registries.all()[0]?.subscription as { created_at: string } | undefined;
  const subscription = { tier: tierOf(slug), created_at: before?.created_at ?? world.now, updated_at: world.now };
  for (const registry of registries.all()) registries.put({ ...registry, subscription });
  return subscription;
}

function subscriptionOf(world: World): OpaqueRecord {
  const [first] = world.collections.registries.all();
  return (first?.subscription ?? { tier: tierOf('starter'), created_at: world.now, updated_at: world.now }) as OpaqueRecord;
}

/** Throws 412 when the tier has fewer repositories than the account. */
function checkTier(world: World, slug: unknown): void {
  const { included_repositories: most = 0 } = tierOf(slug) ?? {};
  if (most > 0 && world.collections.registry_repositories.size > most)
    throw new ProviderRefusal('precondition_failed', `the tier includes ${most} repositories only`);
}

const isActive = ({ status }: OpaqueRecord) => !['succeeded', 'failed', 'cancelled'].includes(String(status));

/** What is below a registry. The older paths under `/v2/registry/:id` have the same. */
const REGISTRY: Resource = {
  path: '/v2/registries',
  stored: 'registries',
  keys: ['registries', 'registry'],
  id: 'name',
  unpaged: true,
  create: {
    fields: FIELDS,
    unique: { field: 'name', refusal: 'conflict' },
    make: ({ world, body: { name, region: slug = 'fra1', subscription_tier_slug: tier } }) => {
      const used = { storage_usage_bytes: 0, storage_usage_bytes_updated_at: world.now };
      const subscription = tier === undefined ? subscriptionOf(world) : subscribe(world, tier);
      return { name, region: slug, created_at: world.now, ...used, subscription };
    },
  },
  remove: { check: ({ name }, { world }) => forgetRepositories(world, name) },
  operations: [
    { method: 'GET', path: 'docker-credentials', answer: () => ok(credentials()) },
    {
      method: 'GET',
      path: 'garbage-collection',
      answer: ({ $collections: known }) => {
        const active = ((known ?? []) as OpaqueRecord[]).find(isActive);
        if (active === undefined) throw notFound();
        return ok({ garbage_collection: active });
      },
    },
    {
      method: 'POST',
      path: 'garbage-collection',
      change: (registry, { world }) => {
        const known = (registry.$collections ?? []) as OpaqueRecord[];
        if (known.some(isActive)) throw new ProviderRefusal('conflict', 'a garbage collection is active');
        const times = { created_at: world.now, updated_at: world.now };
        const made = {
          uuid: world.random.uuid(),
          registry_name: registry.name,
          status: 'requested',
          ...times,
          blobs_deleted: 0,
          freed_bytes: 0,
        };
        world.after('product_ready_ms', 'garbage_collected', String(registry.name), { data: { uuid: made.uuid } });
        return { ...registry, $collections: [made, ...known] };
      },
      answer: ({ $collections: known }) => ok({ garbage_collection: (known as OpaqueRecord[])[0] }, 201),
    },
  ],
  parts: [
    {
      path: 'repositoriesV2',
      stored: { collection: 'registry_repositories', by: 'registry_name', of: 'name' },
      keys: ['repositories', 'repository'],
      id: 'name',
      noGet: true,
    },
    {
      path: 'garbage-collections',
      stored: { field: '$collections' },
      keys: ['garbage_collections', 'garbage_collection'],
      id: 'uuid',
      noGet: true,
    },
  ],
};

function forgetRepositories(world: World, registryName: unknown): void {
  const { registry_repositories: repositories } = world.collections;
  for (const { registry_name, name } of repositories.all())
    if (registry_name === registryName) repositories.remove(`${String(registry_name)}/${String(name)}`);
}

const credentials = () => ({ auths: { 'registry.digitalocean.com': { auth: 'bm90LWEtcmVhbC1jcmVkZW50aWFs' } } });

function existingRepository(world: World, { params }: ProviderRequest): OpaqueRecord {
  const repository = world.collections.registry_repositories.get(`${params.id}/${params.repository}`);
  if (repository === undefined) throw notFound();
  return repository;
}

const whole = (records: OpaqueRecord[]) => sourceOf(records, (record) => record);

/** A repository is stored with its newest manifest, which carries its tags. */
function manifestOf({ latest_manifest: manifest }: OpaqueRecord): OpaqueRecord {
  return { tags: [], ...(manifest as OpaqueRecord) };
}

function tagsOf(repository: OpaqueRecord): OpaqueRecord[] {
  const { registry_name, repository: name, digest, compressed_size_bytes, size_bytes, updated_at, tags } = manifestOf(repository);
  const sizes = { compressed_size_bytes, size_bytes, updated_at };
  return (tags as string[]).map((tag) => ({ registry_name, repository: name, tag, manifest_digest: digest, ...sizes }));
}

function deleteTag(world: World, request: ProviderRequest): Answer {
  const repository = existingRepository(world, request);
  const manifest = manifestOf(repository);
  const tags = manifest.tags as string[];
  if (!tags.includes(request.params.tag ?? '')) throw notFound();
  const left = { ...manifest, tags: tags.filter((tag) => tag !== request.params.tag) };
  const tag_count = Math.max(0, Number(repository.tag_count) - 1);
  world.collections.registry_repositories.put({ ...repository, latest_manifest: left, tag_count });
  return noContent;
}

function deleteManifest(world: World, request: ProviderRequest): Answer {
  const repository = existingRepository(world, request);
  if (manifestOf(repository).digest !== request.params.digest) throw notFound();
  const { latest_manifest: _latest, ...left } = repository;
  world.collections.registry_repositories.put({ ...left, tag_count: 0, manifest_count: 0 });
  return noContent;
}

function deleteRepository(world: World, request: ProviderRequest): Answer {
  const { registry_name, name } = existingRepository(world, request);
  world.collections.registry_repositories.remove(`${String(registry_name)}/${String(name)}`);
  return noContent;
}

/** Tags and manifests of repositories, and the end of a garbage collection, under one of the two paths. */
function repositoryRoutes(path: string): Route[] {
  const one = `${path}/:id/repositories/:repository`;
  return [
    { method: 'GET', path: `${one}/tags`, handle: (world, request) => list('tags', whole(tagsOf(existingRepository(world, request)))) },
    { method: 'DELETE', path: `${one}/tags/:tag`, handle: deleteTag },
    {
      method: 'GET',
      path: `${one}/digests`,
      handle: (world, request) => {
        const repository = existingRepository(world, request);
        const manifests = repository.latest_manifest === undefined ? [] : [manifestOf(repository)];
        return list('manifests', whole(manifests));
      },
    },
    { method: 'DELETE', path: `${one}/digests/:digest`, handle: deleteManifest },
    { method: 'PUT', path: `${path}/:id/garbage-collection/:collection`, handle: cancelCollection },
  ];
}

function cancelCollection(world: World, request: ProviderRequest): Answer {
  readBody(world, request, { cancel: oneOf(true) });
  const registry = world.collections.registries.get(request.params.id ?? '');
  const known = (registry?.$collections ?? []) as OpaqueRecord[];
  const found = known.find(({ uuid }) => uuid === request.params.collection);
  if (registry === undefined || found === undefined) throw notFound();
  if (!isActive(found)) throw unprocessable('the garbage collection is not active');
  const cancelled = { ...found, status: 'cancelled', updated_at: world.now };
  world.collections.registries.put({ ...registry, $collections: known.with(known.indexOf(found), cancelled) });
  return ok({ garbage_collection: cancelled });
}

/** What concerns the account's registries together, under both paths. */
function accountRoutes(path: string): Route[] {
  return [
    { method: 'GET', path: `${path}/subscription`, handle: (world) => ok({ subscription: subscriptionOf(world) }) },
    {
      method: 'POST',
      path: `${path}/subscription`,
      handle: (world, request) => {
        const { tier_slug: slug } = readBody(world, request, { tier_slug: tierSlug });
        if (world.collections.registries.size === 0) throw noRegistry();
        checkTier(world, slug);
        return ok({ subscription: subscribe(world, slug) });
      },
    },
    {
      method: 'GET',
      path: `${path}/options`,
      handle: (world) => {
        const available_regions = world.collections.regions.all().map(({ slug }) => slug);
        return ok({ options: { available_regions, subscription_tiers: TIERS.map((tier) => ({ ...tier, eligible: true })) } });
      },
    },
    {
      method: 'POST',
      path: `${path}/validate-name`,
      handle: (world, request) => {
        const { name } = readBody(world, request, { name: registryName });
        if (world.collections.registries.get(String(name)) !== undefined) throw new ProviderRefusal('conflict', 'name already exists');
        return noContent;
      },
    },
  ];
}

const noRegistry = () => new ProviderRefusal('precondition_failed', 'registry does not exist');

/** The account's first registry, which the older paths mean. Throws 412 when there is none. */
function theRegistry(world: World): OpaqueRecord {
  const [registry] = world.collections.registries.all();
  if (registry === undefined) throw noRegistry();
  return registry;
}

/** The older path of an account with one registry. */
const OLDER: Route[] = [
  { method: 'GET', path: '/v2/registry', handle: (world) => ok({ registry: theRegistry(world) }) },
  {
    method: 'DELETE',
    path: '/v2/registry',
    handle: (world) => {
      const { name } = theRegistry(world);
      forgetRepositories(world, name);
      world.collections.registries.remove(String(name));
      return noContent;
    },
  },
  { method: 'GET', path: '/v2/registry/docker-credentials', handle: (world) => ok(theRegistry(world) && credentials()) },
  ...routesOf([{ ...REGISTRY, path: '/v2/registry' }]).filter(
    ({ method, path }) => method === 'POST' || /repositoriesV2|collection/.test(path),
  ),
];

/** Container registries with their repositories, under the path of today and under the older one. */
export const registriesEndpoints: EndpointGroup = {
  routes: [
    ...routesOf([REGISTRY]),
    { method: 'DELETE', path: '/v2/registries/:id/repositories/:repository', handle: deleteRepository },
    ...['/v2/registries', '/v2/registry'].flatMap((path) => [...repositoryRoutes(path), ...accountRoutes(path)]),
    ...OLDER,
  ],
  transitions: {
    garbage_collected: (world, { ref, data }) => {
      const registry = world.collections.registries.get(String(ref));
      if (registry === undefined) return;
      const known = (registry.$collections ?? []) as OpaqueRecord[];
      const done = known.map((one) =>
        one.uuid === data?.uuid && isActive(one) ? { ...one, status: 'succeeded', freed_bytes: 667, updated_at: world.now } : one,
      );
      world.collections.registries.put({ ...registry, $collections: done });
    },
  },
};
