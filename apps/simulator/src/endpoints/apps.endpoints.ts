import { badRequest, done, type EndpointGroup, notFound, ok, ProviderRefusal } from '../http/route';
import type { OpaqueRecord } from '../world/records';
import type { Transition, World } from '../world/world';
import { anObject, text, texts } from './body-fields';
import { type Call, type Resource, routesOf } from './resource-routes';

/** Sizes of instances: monthly price in USD, memory in MiB. */
const SIZES: Readonly<Record<string, readonly [monthly: string, mib: number]>> = {
  'apps-s-1vcpu-0.5gb': ['5.00', 512],
  'apps-s-1vcpu-1gb': ['12.00', 1_024],
  'apps-s-1vcpu-2gb': ['25.00', 2_048],
  'apps-s-2vcpu-4gb': ['50.00', 4_096],
};
const COMPONENTS = ['services', 'static_sites', 'workers', 'jobs', 'functions'] as const;
/** Phases in which a deployment can be cancelled. */
const IN_PROGRESS = ['PENDING_BUILD', 'BUILDING', 'PENDING_DEPLOY', 'DEPLOYING'];

type Component = OpaqueRecord & { name: string; instance_size_slug?: string; instance_count?: number };

function componentsOf(spec: unknown): Component[] {
  return COMPONENTS.flatMap((kind) => ((spec as OpaqueRecord)[kind] ?? []) as Component[]);
}

/** Regions of apps are the first part of a region's slug: `fra` for `fra1`. */
function regionsOf(world: World): OpaqueRecord[] {
  const slugs = [...new Set(world.collections.regions.all().map(({ slug }) => slug.slice(0, 3)))];
  return slugs.map((slug) => ({ slug, label: slug, continent: 'World', flag: slug, data_centers: [`${slug}1`], disabled: false }));
}

/** Throws the 400 that the provider gives for a wrong specification. */
function checkSpec(world: World, spec: unknown): OpaqueRecord {
  const { name, region } = spec as OpaqueRecord;
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/.test(name)) throw badRequest('error validating app spec field "name"');
  if (region !== undefined && !regionsOf(world).some(({ slug }) => slug === region))
    throw badRequest('error validating app spec field "region"');
  for (const { instance_size_slug: slug } of componentsOf(spec))
    if (slug !== undefined && SIZES[slug] === undefined) throw badRequest('error validating app spec field "instance_size_slug"');
  return spec as OpaqueRecord;
}

function checkNameIsFree(world: World, name: unknown, own?: unknown): void {
  const isTaken = world.collections.apps.all().some(({ id, spec }) => id !== own && (spec as OpaqueRecord).name === name);
  if (isTaken) throw new ProviderRefusal('conflict', `app with name "${String(name)}" already exists`);
}

/** The app with a new deployment, which is active after a delay and replaces the one before. */
function deploy(world: World, app: OpaqueRecord, cause: string, spec: unknown = app.spec): OpaqueRecord {
  const deployment = {
    id: world.random.uuid(),
    spec,
    cause,
    phase: 'PENDING_BUILD',
    created_at: world.now,
    updated_at: world.now,
    phase_last_updated_at: world.now,
    tier_slug: 'basic',
    services: componentsOf(spec).map(({ name }) => ({ name })),
  };
  world.after('product_ready_ms', 'deployment_active', String(app.id), { data: { deployment: deployment.id } });
  const deployments = [deployment, ...deploymentsOf(app)];
  return { ...app, spec, $deployments: deployments, pending_deployment: deployment, updated_at: world.now };
}

/** The deployments of an app, newest first. An app of the demo account has its active one only. */
function deploymentsOf({ $deployments: known, active_deployment: active, spec }: OpaqueRecord): OpaqueRecord[] {
  return (known ?? (active === undefined ? [] : [{ spec, ...(active as OpaqueRecord) }])) as OpaqueRecord[];
}

function withPhase(deployment: OpaqueRecord, phase: string, now: string): OpaqueRecord {
  return { ...deployment, phase, updated_at: now, phase_last_updated_at: now };
}

const deploymentActive: Transition = (world, { ref, data }) => {
  const app = world.collections.apps.get(String(ref));
  const deployment = deploymentsOf(app ?? {}).find(({ id }) => id === data?.deployment);
  if (app === undefined || deployment === undefined || !IN_PROGRESS.includes(String(deployment.phase))) return;
  const active = withPhase(deployment, 'ACTIVE', world.now);
  const deployments = deploymentsOf(app).map((one) => {
    if (one.id === deployment.id) return active;
    return one.phase === 'ACTIVE' ? withPhase(one, 'SUPERSEDED', world.now) : one;
  });
  const { pending_deployment: pending, ...fields } = app;
  const isNewest = (pending as OpaqueRecord | undefined)?.id === deployment.id;
  const name = String((app.spec as OpaqueRecord).name);
  const live = { default_ingress: `https://${name}.ondigitalocean.example`, live_domain: `${name}.ondigitalocean.example` };
  const left = isNewest ? fields : app;
  world.collections.apps.put({ ...left, ...live, active_deployment: active, $deployments: deployments });
};

function createApp({ world, body }: Call): OpaqueRecord {
  const spec = checkSpec(world, body.spec);
  checkNameIsFree(world, spec.name);
  const { region: slug = 'fra' } = spec;
  const project_id = body.project_id ?? world.collections.projects.all().find(({ is_default }) => is_default)?.id;
  const region = regionsOf(world).find((one) => one.slug === slug);
  const times = { created_at: world.now, updated_at: world.now };
  const app = { id: world.random.uuid(), owner_uuid: world.value('account').uuid, spec, region, tier_slug: 'basic', project_id, ...times };
  return deploy(world, app, 'initial deployment');
}

const deploymentAnswer = ({ pending_deployment: deployment }: OpaqueRecord) => ok({ deployment });

/** The deployment that a rollback names. */
function rollbackTarget(app: OpaqueRecord, { body }: Call): OpaqueRecord {
  const target = deploymentsOf(app).find(({ id }) => id === body.deployment_id);
  if (target === undefined) throw notFound();
  return target;
}

function rollBack(app: OpaqueRecord, call: Call): OpaqueRecord {
  const target = rollbackTarget(app, call);
  if (app.$pinned !== undefined) throw new ProviderRefusal('conflict', 'the app is pinned to a deployment');
  if (!['SUPERSEDED', 'ACTIVE'].includes(String(target.phase))) throw badRequest('the deployment never was active');
  return deploy(call.world, { ...app, $pinned: app.spec }, `rollback to ${String(target.id)}`, target.spec);
}

function checkPinned({ $pinned }: OpaqueRecord): void {
  if ($pinned === undefined) throw new ProviderRefusal('conflict', 'the app has no rollback in progress');
}

const logs = () => ok({ live_url: 'https://logs.ondigitalocean.example/live', historic_urls: ['https://logs.ondigitalocean.example/1'] });

const APPS: Resource = {
  path: '/v2/apps',
  stored: 'apps',
  keys: ['apps', 'app'],
  id: 'id',
  urnType: 'app',
  create: { fields: { spec: anObject, 'project_id?': text }, status: 200, make: createApp },
  remove: { answer: ({ id }) => ok({ id }) },
  operations: [
    {
      method: 'PUT',
      path: '',
      fields: { spec: anObject },
      change: (app, { world, body }) => {
        const spec = checkSpec(world, body.spec);
        checkNameIsFree(world, spec.name, app.id);
        if (app.$pinned !== undefined) throw new ProviderRefusal('conflict', 'the app is pinned to a deployment');
        return deploy(world, app, 'app spec updated', spec);
      },
    },
    {
      method: 'POST',
      path: 'restart',
      fields: { 'components?': texts },
      change: (app, { world }) => deploy(world, app, 'restart'),
      answer: deploymentAnswer,
    },
    { method: 'POST', path: 'rollback', fields: { deployment_id: text }, change: rollBack, answer: deploymentAnswer },
    {
      method: 'POST',
      path: 'rollback/validate',
      fields: { deployment_id: text },
      answer: (app, call) => ok({ valid: rollbackTarget(app, call).phase === 'SUPERSEDED', warnings: [] }),
    },
    {
      method: 'POST',
      path: 'rollback/commit',
      change: (app) => {
        checkPinned(app);
        const { $pinned: _pinned, ...fields } = app;
        return fields;
      },
      answer: () => done,
    },
    {
      method: 'POST',
      path: 'rollback/revert',
      change: (app, { world }) => {
        checkPinned(app);
        const { $pinned: before, ...fields } = app;
        return deploy(world, fields, 'rollback reverted', before);
      },
      answer: deploymentAnswer,
    },
    {
      method: 'GET',
      path: 'instances',
      answer: ({ spec }) =>
        ok({
          instances: componentsOf(spec).flatMap(({ name, instance_count: count = 1 }) =>
            Array.from({ length: count }, (_, nth) => ({
              component_name: name,
              component_type: 'SERVICE',
              instance_name: `${name}-${nth}`,
              instance_alias: `${name}-${nth}`,
            })),
          ),
        }),
    },
    {
      method: 'GET',
      path: 'health',
      answer: ({ spec }) =>
        ok({ app_health: { components: componentsOf(spec).map(({ name, instance_count: count = 1 }) => healthOf(name, count)) } }),
    },
    { method: 'POST', path: 'deployments', change: (app, { world }) => deploy(world, app, 'manual'), answer: deploymentAnswer },
    { method: 'GET', path: 'logs', answer: logs },
    { method: 'GET', path: 'alerts', answer: () => ok({ alerts: [] }) },
    {
      method: 'GET',
      path: 'metrics/bandwidth_daily',
      answer: ({ id }, { world }) => ok({ app_bandwidth_usage: [{ app_id: id, bandwidth_bytes: '524288' }], date: world.now }),
    },
  ],
  parts: [
    {
      path: 'deployments',
      stored: { field: '$deployments', from: deploymentsOf },
      keys: ['deployments', 'deployment'],
      id: 'id',
      operations: [
        {
          method: 'POST',
          path: 'cancel',
          change: (deployment, { world }) => {
            if (!IN_PROGRESS.includes(String(deployment.phase))) throw badRequest('the deployment is not in progress');
            return withPhase(deployment, 'CANCELED', world.now);
          },
        },
        { method: 'GET', path: 'logs', answer: logs },
      ],
    },
  ],
};

const healthOf = (name: string, count: number) => ({
  name,
  cpu_usage_percent: 12.5,
  memory_usage_percent: 40.5,
  replicas_desired: count,
  replicas_ready: count,
  state: 'HEALTHY',
});

const sizeView = ([slug, [usd_per_month, mib]]: [string, readonly [string, number]]) => ({
  name: slug,
  slug,
  cpu_type: 'SHARED',
  cpus: slug.includes('2vcpu') ? '2' : '1',
  memory_bytes: String(mib * 1_048_576),
  usd_per_month,
  usd_per_second: (Number(usd_per_month) / 2_419_200).toFixed(12),
  tier_slug: 'basic',
});

/** Apps with their deployments: each change is deployed, and the deployment is active after a delay. */
export const appsEndpoints: EndpointGroup = {
  routes: [
    ...routesOf([APPS]),
    { method: 'GET', path: '/v2/apps/regions', handle: (world) => ok({ regions: regionsOf(world) }) },
    {
      method: 'GET',
      path: '/v2/apps/tiers/instance_sizes',
      handle: () => ok({ discount_percent: 0, instance_sizes: Object.entries(SIZES).map(sizeView) }),
    },
    {
      method: 'GET',
      path: '/v2/apps/tiers/instance_sizes/:slug',
      handle: (_, { params }) => {
        const size = Object.entries(SIZES).find(([slug]) => slug === params.slug);
        if (size === undefined) throw notFound();
        return ok({ instance_size: sizeView(size) });
      },
    },
  ],
  transitions: { deployment_active: deploymentActive },
};
