import type { Resource, Schemas } from '../../client/client';
import type { FilterSpec } from '../../parts/filters';
import { money, plainMoney, sumOf, words } from '../../parts/format';
import { IconCircleDashedX, IconShieldLock, IconUserQuestion } from '../../parts/icons';
import { KindIcon, KindItem, kindName, sizeText } from '../../parts/kinds';
import { Badge, Status, statusWord } from '../../parts/status';
import { Age } from '../../parts/time';
import type { Column } from '../../parts/data-table';
import { TenantName } from '../../shell/counts';
import { TEXTS } from './texts';

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/;

/** The name; of a resource without one its address, or the end of its id. */
export function nameOf({ name, provider_id: id }: Pick<Resource, 'name' | 'provider_id'>): string {
  return name ?? (UUID.test(id) ? TEXTS.unnamed(id.slice(-6)) : id);
}

/** The first public address, where a kind has addresses. */
export function addressOf({ attrs }: Pick<Resource, 'attrs'>): string | null {
  const networks = attrs.networks as { v4?: { type: string; ip_address: string }[] } | undefined;
  const found = networks?.v4?.find(({ type }) => type === 'public')?.ip_address ?? attrs.ip;
  return typeof found === 'string' ? found : null;
}

function Name({ resource }: { readonly resource: Resource }) {
  return (
    <span className="nm">
      <KindIcon kind={resource.kind} />
      <span className="trunc" title={nameOf(resource)}>
        {nameOf(resource)}
      </span>
      {resource.protected && <IconShieldLock size={14} stroke={1.75} role="img" aria-label={TEXTS.isProtected} color="var(--ink-3)" />}
    </span>
  );
}

export function Owner({ tenantId }: { readonly tenantId: string | null }) {
  if (tenantId !== null) return <TenantName id={tenantId} />;
  return (
    <Badge tone="warn" icon={IconUserQuestion}>
      {TEXTS.noOwner}
    </Badge>
  );
}

export function whyText({ attribution, project_name }: Resource): string {
  const { by, ref_name } = attribution;
  if (by === 'project') return `${TEXTS.why.project} ${ref_name ?? project_name ?? ''}`.trim();
  if (by === 'rule') return `${TEXTS.why.rule} ${ref_name ?? ''}`.trim();
  if (by === 'parent') return `${TEXTS.why.parent} ${ref_name ?? ''}`;
  return TEXTS.why[by];
}

/** A month of a resource: the amount, "free", or why there is no price yet. Never an empty cell. `alone`: no head names the currency. */
export function Price({ price, alone = false }: { readonly price: Resource['price']; readonly alone?: boolean }) {
  if (!price) return <span className="dim">{TEXTS.price.none}</span>;
  if (price.monthly === undefined) {
    return (
      <span className="dim" title={price.note ?? (price.unpriced ? words(price.unpriced) : undefined)}>
        {TEXTS.price.unknown}
      </span>
    );
  }
  const total = monthlyOf(price);
  const text = Number(total) === 0 ? <span className="dim">{TEXTS.price.free}</span> : <>{alone ? money(total) : plainMoney(total)}</>;
  if (!price.note) return text;
  return (
    <span className="noted" title={price.note}>
      {text}
      <span className="vh"> {price.note}</span>
    </span>
  );
}

/** A month of a resource, with its backups. */
export const monthlyOf = (price: NonNullable<Resource['price']>): string => sumOf([price.monthly ?? '0', price.backups?.monthly ?? '0']);

/** The status; of a resource that the latest sweeps did not list, that it is missing. */
function State({ resource }: { readonly resource: Resource }) {
  const { missing, status } = resource;
  if (!missing) return <Status of="resource" value={status} />;
  return (
    <Badge tone="bad" icon={IconCircleDashedX}>
      {TEXTS.strikes(missing.strikes, missing.of)}
    </Badge>
  );
}

export function columnsFor(isAdmin: boolean): readonly Column<Resource>[] {
  const { columnsOf: heads } = TEXTS;
  const owner: Column<Resource>[] = [
    { id: 'owner', head: heads.owner, width: 112, cell: (row) => <Owner tenantId={row.tenant_id} /> },
    {
      id: 'why',
      head: heads.why,
      width: 172,
      wide: true,
      cell: (row) => (
        <span className="dim" title={whyText(row)}>
          {whyText(row)}
        </span>
      ),
    },
  ];
  return [
    { id: 'name', head: heads.name, sort: 'name', cell: (row) => <Name resource={row} /> },
    {
      id: 'kind',
      head: heads.kind,
      width: 132,
      wide: true,
      sort: 'kind',
      cell: (row) => <span className="mid">{kindName(row.kind)}</span>,
    },
    { id: 'state', head: heads.state, width: 124, cell: (row) => <State resource={row} /> },
    { id: 'region', head: heads.region, width: 66, wide: true, cell: (row) => <span className="mid">{row.region ?? ''}</span> },
    { id: 'size', head: heads.size, width: 140, cell: (row) => <span className="mid">{sizeText(row)}</span> },
    { id: 'price', head: heads.price, width: 96, numeric: true, sort: 'price', cell: (row) => <Price price={row.price} /> },
    { id: 'address', head: heads.address, width: 126, cell: (row) => <span className="mono">{addressOf(row) ?? ''}</span> },
    ...(isAdmin ? owner : []),
    { id: 'since', head: heads.since, width: 100, numeric: true, sort: 'first_seen_at', cell: (row) => <Age at={row.first_seen_at} /> },
    { id: 'seen', head: heads.seen, width: 84, wide: true, numeric: true, cell: (row) => <Age at={row.deleted_at ?? row.last_seen_at} /> },
  ];
}

/** A resource on a narrow screen: name, then state, owner and kind. */
export function ResourceItem({ resource, isAdmin }: { readonly resource: Resource; readonly isAdmin: boolean }) {
  return (
    <KindItem
      kind={resource.kind}
      name={nameOf(resource)}
      aside={
        <span className="tn">
          <Price price={resource.price} alone />
        </span>
      }
    >
      <State resource={resource} />
      <span className="trunc dim">
        {[isAdmin ? (resource.tenant_id ?? TEXTS.noOwner) : null, kindName(resource.kind), sizeText(resource)].filter(Boolean).join(' · ')}
      </span>
    </KindItem>
  );
}

const STATES = ['active', 'off', 'new', 'attached', 'available', 'assigned', 'unassigned', 'deleted'];

/** The filters of the inventory. Kinds and regions to choose from are those that there are; tenants are all that are registered. */
export function filterSpecs(
  summary: Schemas['InventorySummaryResponse'] | undefined,
  tenants: NonNullable<FilterSpec['options']>,
  isAdmin: boolean,
): readonly FilterSpec[] {
  const kinds = (summary?.by_kind ?? []).map(({ kind }) => ({ value: kind, label: kindName(kind) }));
  const regions = (summary?.by_region ?? []).flatMap(({ region }) => (region ? [{ value: region, label: region }] : []));
  const { filters: labels } = TEXTS;
  return [
    { name: 'q', label: labels.q },
    { name: 'kind', label: labels.kind, options: kinds },
    { name: 'status', label: labels.status, options: STATES.map((value) => ({ value, label: statusWord('resource', value) })) },
    { name: 'region', label: labels.region, options: regions },
    ...(isAdmin ? [{ name: 'tenant_id', label: labels.tenant_id, options: tenants }] : []),
    ...(isAdmin
      ? [
          {
            name: 'attributed_by',
            label: labels.attributed_by,
            options: ['override', 'project', 'parent', 'rule', 'members', 'fallback'].map((value) => ({ value, label: value })),
          },
        ]
      : []),
    { name: 'size_slug', label: labels.size_slug },
    { name: 'tag', label: labels.tag },
    { name: 'related_to', label: labels.related_to, isLinkOnly: true, display: (id) => `…${id.slice(-6)}` },
    { name: 'as_of', label: labels.as_of, isTime: 'past' },
  ];
}
