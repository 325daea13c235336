import { idText, optionalIdText, optionalList, optionalRecord, optionalText, optionalTime, record, type Fields } from '#libs/digitalocean';
import { defineKind, EVERY_QUARTER, nestedText, optionalSlug, regionSlug } from './kind';

/** The parts of an app that run in instances. */
const COMPONENTS = ['services', 'workers', 'jobs'] as const;

/**
 * App of the App Platform. Source: `GET /v2/apps`. Its spec contains environment values, log destinations and registry credentials: only
 * the names and sizes of its components are kept.
 */
export const appKind = defineKind({
  kind: 'app',
  label: 'App',
  urnTypes: ['app'],
  sync: EVERY_QUARTER,
  lists: [{ path: '/v2/apps', query: { with_projects: 'true' }, key: 'apps', mayOmitKey: true }],
  fetch: { path: (id) => `/v2/apps/${id}`, key: 'app' },
  price: { sized: 'some', billedAs: ({ attrs }) => instancesOf(attrs.components) },
  invoice: { product: 'App Platform', phrases: ['apps?|app platform( apps?)?'], namedBy: 'group' },
  volatileAttrs: ['updated_at'],
  observe: (raw) => {
    const app = record(raw, 'app');
    const spec = optionalRecord(app.spec, 'spec') ?? {};
    return {
      providerId: idText(app, 'id'),
      name: optionalText(spec, 'name'),
      region: regionSlug(app),
      status: nestedText(app, 'active_deployment', 'phase')?.toLowerCase() ?? 'pending',
      sizeSlug: null,
      attrs: {
        tier: optionalSlug(app, 'tier_slug'),
        live_domain: optionalText(app, 'live_domain'),
        components: COMPONENTS.flatMap((type) => optionalList(spec, type).map((one) => component(type, record(one, type)))).sort(byName),
        created_at: optionalTime(app, 'created_at'),
        updated_at: optionalTime(app, 'updated_at'),
        vpc_uuid: nestedText(app, 'vpc', 'id'),
        project_id: optionalIdText(app, 'project_id'),
      },
      parents: [],
    };
  },
});

interface Component {
  readonly type: string;
  readonly name: string | null;
  readonly instance_size: string | null;
  readonly instance_count: number;
}

function component(type: string, from: Fields): Component {
  const count = from.instance_count;
  const instances = typeof count === 'number' && Number.isSafeInteger(count) ? count : 1;
  return { type, name: optionalText(from, 'name'), instance_size: optionalSlug(from, 'instance_size_slug'), instance_count: instances };
}

const byName = (one: Component, other: Component) =>
  `${one.type} ${one.name} ${one.instance_size}` < `${other.type} ${other.name} ${other.instance_size}` ? -1 : 1;

/** An app of instances of one size is billed by that size; no product exists for a mixture, which invoices alone price. */
function instancesOf(components: unknown) {
  if (!Array.isArray(components)) return undefined;
  const parts = components as readonly Component[];
  const sizes = [...new Set(parts.map(({ instance_size: size }) => size))];
  const [size] = sizes;
  const count = parts.reduce((sum, { instance_count: instances }) => sum + instances, 0);
  if (parts.length === 0) return { product: 'app', units: '0', plan: null };
  return sizes.length === 1 && size
    ? { product: `app:${size}`, units: String(count), plan: null }
    : { product: 'app', units: '1', plan: null };
}
