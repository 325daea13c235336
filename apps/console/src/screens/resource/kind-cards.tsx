import { Link } from '@tanstack/react-router';
import type { Resource, ResourceDetail } from '../../client/client';
import { IconChevronRight } from '../../parts/icons';
import { countOf } from '../../parts/format';
import { KindIcon, kindName, sizeText } from '../../parts/kinds';
import { Card } from '../../parts/page';
import { ErrorState, Skeleton } from '../../parts/states';
import { Status } from '../../parts/status';
import { nameOf, Price } from '../inventory/inventory-columns';
import { AllRelated, useByProviderId, useRelated } from './related';
import { TEXTS } from './texts';

const { kind: KIND } = TEXTS;

/** The parts of a resource that its kind has: replicas and who may connect, pools, components, members, records. */
export function KindCards({ resource }: { readonly resource: ResourceDetail }) {
  switch (resource.kind) {
    case 'managed_db':
      return (
        <>
          <PartsCard id={resource.id} kinds="db_replica" title={KIND.replicas} none={KIND.noReplicas} />
          <SourcesCard sources={resource.attrs.trusted_sources} />
        </>
      );
    case 'k8s_cluster':
      return <PartsCard id={resource.id} kinds="k8s_node_pool" title={KIND.pools} none={KIND.noPools} />;
    case 'vpc':
      return <PartsCard id={resource.id} title={KIND.members} none={KIND.noMembers} withKind />;
    case 'app':
      return <ComponentsCard components={resource.attrs.components} />;
    case 'dns_zone':
      return <RecordsCard id={resource.id} />;
    default:
      return null;
  }
}

/** How large a part is, in the words of its kind. */
function partSize(part: Resource): string {
  const { count, auto_scale: scales, min_nodes: least, max_nodes: most } = part.attrs;
  const nodes = typeof count !== 'number' ? null : scales === true ? KIND.scales(count, Number(least), Number(most)) : KIND.nodes(count);
  return [sizeText(part), nodes].filter(Boolean).join(' · ');
}

interface PartsProps {
  readonly id: string;
  readonly kinds?: string;
  readonly title: string;
  readonly none: string;
  readonly withKind?: boolean;
}

/** The resources of a kind that belong to this one, by name. */
function PartsCard({ id, kinds, title, none, withKind = false }: PartsProps) {
  const related = useRelated(id, kinds);
  const parts = related.data?.data ?? [];
  return (
    <Card title={title} right={related.data && parts.length > 0 && countOf(related.data)}>
      {related.error && <ErrorState error={related.error} retry={() => void related.refetch()} />}
      {related.isPending && <Skeleton lines={3} />}
      {related.isSuccess && parts.length === 0 && <p className="pad mid">{none}</p>}
      {parts.length > 0 && (
        <table className="parts" aria-label={title}>
          <colgroup>
            <col />
            <col style={{ width: 92 }} />
            <col className="hide-m" style={{ width: 122 }} />
            <col style={{ width: 82 }} />
          </colgroup>
          <thead>
            <tr>
              <th scope="col">{KIND.heads.name}</th>
              <th scope="col">{KIND.heads.state}</th>
              <th scope="col" className="hide-m">
                {withKind ? KIND.heads.part : KIND.heads.size}
              </th>
              <th scope="col" className="num">
                {KIND.heads.price}
              </th>
            </tr>
          </thead>
          <tbody>
            {parts.map((part) => (
              <tr key={part.id}>
                <td>
                  <span className="nm">
                    <KindIcon kind={part.kind} />
                    <Link className="trunc" to="/resources/$id" params={{ id: part.id }}>
                      {nameOf(part)}
                    </Link>
                  </span>
                </td>
                <td>
                  <Status of="resource" value={part.status} />
                </td>
                <td className="mid hide-m">{withKind ? kindName(part.kind) : partSize(part)}</td>
                <td className="num">
                  <Price price={part.price} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <AllRelated answer={related.data} id={id} kinds={kinds} />
    </Card>
  );
}

interface Source {
  readonly type: string | null;
  readonly value: string | null;
}

/** The kinds that a trusted source may be, by the provider's word for it. */
const SOURCE_KINDS: Readonly<Record<string, string>> = { droplet: 'droplet', k8s: 'k8s_cluster', app: 'app' };

/** Who may connect to a database. Ids are named where the inventory knows them. */
function SourcesCard({ sources }: { readonly sources: unknown }) {
  const all = (Array.isArray(sources) ? sources : []) as readonly Source[];
  const idsOf = (type: string) => all.flatMap((source) => (source.type === type && source.value !== null ? [source.value] : []));
  const droplets = useByProviderId('droplet', idsOf('droplet'));
  const clusters = useByProviderId('k8s_cluster', idsOf('k8s'));
  const apps = useByProviderId('app', idsOf('app'));
  const known = new Map([...droplets, ...clusters, ...apps]);
  return (
    <Card title={KIND.sources} right={all.length > 0 && all.length} pad>
      {all.length === 0 && <p className="mid">{KIND.noSources}</p>}
      <ul className="grid" style={{ gap: 6 }}>
        {all.map(({ type, value }) => {
          const resource = value === null ? undefined : known.get(value);
          return (
            <li key={`${type}/${value}`} className="nm">
              <KindIcon kind={SOURCE_KINDS[type ?? ''] ?? 'vpc'} />
              {resource ? (
                <Link className="trunc" to="/resources/$id" params={{ id: resource.id }}>
                  {nameOf(resource)}
                </Link>
              ) : (
                <span className="mono">{value}</span>
              )}
              <span className="dim sm">{KIND.sourceTypes[type ?? ''] ?? type}</span>
            </li>
          );
        })}
      </ul>
    </Card>
  );
}

interface Component {
  readonly type: string;
  readonly name: string | null;
  readonly instance_size: string | null;
  readonly instance_count: number;
}

function ComponentsCard({ components }: { readonly components: unknown }) {
  const all = (Array.isArray(components) ? components : []) as readonly Component[];
  return (
    <Card title={KIND.components} right={all.length > 0 && all.length}>
      {all.length === 0 && <p className="pad mid">{KIND.noComponents}</p>}
      {all.length > 0 && (
        <table className="parts" aria-label={KIND.components}>
          <thead>
            <tr>
              <th scope="col">{KIND.heads.name}</th>
              <th scope="col">{KIND.heads.part}</th>
              <th scope="col">{KIND.heads.size}</th>
              <th scope="col" className="num">
                {KIND.heads.instances}
              </th>
            </tr>
          </thead>
          <tbody>
            {all.map(({ type, name, instance_size: size, instance_count: instances }) => (
              <tr key={`${type}/${name}`}>
                <td className="b">{name}</td>
                <td className="mid">{KIND.componentTypes[type] ?? type}</td>
                <td className="mid">{size}</td>
                <td className="num">{instances}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}

function RecordsCard({ id }: { readonly id: string }) {
  return (
    <Card title={KIND.records} pad>
      <p className="mid" style={{ marginBottom: 10 }}>
        {KIND.recordsText}
      </p>
      <Link className="btn" to="/dns/$id" params={{ id }}>
        {KIND.openRecords}
        <IconChevronRight size={16} stroke={1.75} aria-hidden />
      </Link>
    </Card>
  );
}
