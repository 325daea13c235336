import type { ReactNode } from 'react';
import type { ResourceDetail } from '../../client/client';
import { dateText, valueText, words } from '../../parts/format';
import { useNow } from '../../parts/time';
import { DaysLeft, endOf } from '../expiring/ends';
import { TEXTS } from './texts';

type Row = readonly [string, ReactNode];
type Attrs = Readonly<Record<string, unknown>>;

const DAY_MS = 86_400_000;
const MIB_PER_GIB = 1_024;
const { kind: KIND } = TEXTS;

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);
const onOff = (value: unknown): string | null => (typeof value === 'boolean' ? valueText(value) : null);
const gib = (mib: unknown): string | null => (typeof mib === 'number' ? `${mib / MIB_PER_GIB} GiB` : null);
const mono = (value: unknown): ReactNode => text(value) && <span className="mono">{text(value)}</span>;

/** The window is in UTC, as the provider has it. */
function windowText(window: unknown): string | null {
  const { day, hour } = (window ?? {}) as { day?: unknown; hour?: unknown };
  return typeof day === 'string' && typeof hour === 'string' ? KIND.window(words(day), hour.slice(0, 5)) : null;
}

function scaleText({ auto_scale: scales, count, min_nodes: least, max_nodes: most }: Attrs): string | null {
  if (typeof count !== 'number') return null;
  return scales === true ? KIND.scales(count, Number(least), Number(most)) : KIND.nodes(count);
}

/** What matters of a kind, in its own words. What is not here is shown by its name in the inventory. */
const FACTS: Readonly<Record<string, (attrs: Attrs) => readonly Row[]>> = {
  managed_db: (attrs) => [
    [KIND.engine, [attrs.engine, attrs.version].filter(Boolean).join(' ')],
    [KIND.nodesName, typeof attrs.num_nodes === 'number' ? String(attrs.num_nodes) : null],
    [KIND.storage, gib(attrs.storage_size_mib)],
    [KIND.maintenance, windowText(attrs.maintenance_window)],
  ],
  db_replica: (attrs) => [[KIND.storage, gib(attrs.storage_size_mib)]],
  k8s_cluster: (attrs) => [
    [KIND.version, text(attrs.version)],
    [KIND.ha, onOff(attrs.ha)],
    [KIND.autoUpgrade, onOff(attrs.auto_upgrade)],
    [KIND.surge, onOff(attrs.surge_upgrade)],
  ],
  k8s_node_pool: (attrs) => [[KIND.nodesName, scaleText(attrs)]],
  app: (attrs) => [
    [KIND.tier, text(attrs.tier)],
    [KIND.domain, mono(attrs.live_domain)],
  ],
  vpc: (attrs) => [
    [KIND.range, mono(attrs.ip_range)],
    [KIND.isDefault, onOff(attrs.default)],
    [KIND.description, text(attrs.description)],
  ],
  certificate: (attrs) => [
    [KIND.type, typeof attrs.type === 'string' ? (KIND.certificateTypes[attrs.type] ?? attrs.type) : null],
    [KIND.names, Array.isArray(attrs.dns_names) ? attrs.dns_names.join(', ') : null],
    [KIND.fingerprint, typeof attrs.sha1_fingerprint === 'string' && <span className="mono wrap">{attrs.sha1_fingerprint}</span>],
  ],
  dns_record: (attrs) => [
    [KIND.type, text(attrs.type)],
    [KIND.data, typeof attrs.data === 'string' && <span className="mono wrap">{attrs.data}</span>],
    [KIND.ttl, typeof attrs.ttl === 'number' ? `${attrs.ttl} s` : null],
    [KIND.priority, typeof attrs.priority === 'number' ? String(attrs.priority) : null],
  ],
  dns_zone: (attrs) => [[KIND.ttl, typeof attrs.ttl === 'number' ? `${attrs.ttl} s` : null]],
};

/** Said elsewhere on the page, or an id that means nothing to people. */
const KNOWN = new Set(['tags', 'networks', 'created_at', 'vcpus', 'memory', 'disk', 'image', 'features', 'updated_at', 'ip']);
const isPlain = (value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value) || (Array.isArray(value) && value.length > 0 && value.every(isPlain));

/** The facts of a kind that has no words of its own yet, by the names of the provider. */
function otherFacts(attrs: Attrs): readonly Row[] {
  return Object.entries(attrs)
    .filter(([name, value]) => !KNOWN.has(name) && !/(_id|_ids|uuid|urn)$/.test(name) && value !== '' && isPlain(value))
    .slice(0, 8)
    .map(([name, value]) => [
      words(name),
      <span key={name} className="wrap">
        {valueText(value)}
      </span>,
    ]);
}

/** Kinds whose facts the page has had from the start. */
const OF_THE_PAGE = new Set(['droplet', 'volume', 'snapshot', 'droplet_backup', 'floating_ip', 'project', 'firewall']);

/** The rows of facts that only this kind has. */
export function kindFacts({ kind, attrs }: Pick<ResourceDetail, 'kind' | 'attrs'>): readonly Row[] {
  const ends = endOf({ kind, attrs });
  const end: readonly Row[] =
    ends === null ? [] : [[kind === 'certificate' ? KIND.expires : KIND.supported, <Ends key="ends" at={ends} />]];
  if (FACTS[kind]) return [...FACTS[kind](attrs), ...end];
  return OF_THE_PAGE.has(kind) ? [] : otherFacts(attrs);
}

function Ends({ at }: { readonly at: string }) {
  const nowMs = useNow();
  return (
    <>
      {dateText(at)} <DaysLeft days={Math.floor((Date.parse(at) - nowMs) / DAY_MS)} />
    </>
  );
}
