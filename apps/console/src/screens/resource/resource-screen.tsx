import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { answered, api, type ResourceDetail } from '../../client/client';
import { countOf, dateText, exactTime, hourly, money, words } from '../../parts/format';
import { IconCircleDashedX, IconGitCompare, IconShieldLock } from '../../parts/icons';
import { kindName, sizeText } from '../../parts/kinds';
import { Card, Detail, Facts, PageHead } from '../../parts/page';
import { sagaTitle } from '../../parts/sagas';
import { Copyable, ErrorState, Note } from '../../parts/states';
import { Badge, Status } from '../../parts/status';
import { Age } from '../../parts/time';
import { usePollMs } from '../../shell/live';
import { useSession } from '../../shell/session';
import { addressOf, monthlyOf, nameOf } from '../inventory/inventory-columns';
import { CostsCard } from './costs-card';
import { DesiredCard, useDrifts } from './desired-card';
import { EventsCard } from './events-card';
import { KindCards } from './kind-cards';
import { kindFacts } from './kind-facts';
import { OwnerCard } from './owner-card';
import { AllRelated, useRelated } from './related';
import { ResourceActions } from './resource-actions';
import '../../parts/money.css';
import './resource.css';
import { TEXTS } from './texts';

const MOST_SAGAS = 20;
const POLL_MS = 15_000;

export function ResourceScreen() {
  const { id } = useParams({ from: '/resources/$id' });
  const { isAdmin } = useSession();
  const resource = useQuery({
    queryKey: ['resource', id],
    queryFn: () => answered(api.GET('/api/v1/inventory/{id}', { params: { path: { id } } })),
    refetchInterval: usePollMs(POLL_MS),
  });
  const drifts = useDrifts(id, isAdmin);
  const found = resource.data?.data;
  const open = drifts.data?.data ?? [];
  return (
    <Detail what={TEXTS.one} list={{ text: isAdmin ? TEXTS.inventory : TEXTS.mine, to: '/inventory' }} queries={[resource]}>
      {found && (
        <>
          <PageHead
            title={nameOf(found)}
            badges={<Badges resource={found} drifted={open.length} />}
            crumbs={[
              { text: isAdmin ? TEXTS.inventory : TEXTS.mine, to: '/inventory' },
              ...(isAdmin && found.tenant_id ? [{ text: found.tenant_id }] : []),
              { text: kindName(found.kind) },
            ]}
            actions={<ResourceActions resource={found} isAdmin={isAdmin} />}
          />
          {found.missing && (
            <div style={{ marginBottom: 16 }}>
              <Note tone="bad" title={TEXTS.missing(found.missing.strikes, found.missing.of)}>
                {TEXTS.missingNote}
              </Note>
            </div>
          )}
          <div className="rs">
            <div className="grid">
              <FactsCard resource={found} />
              <OwnerCard resource={found} isAdmin={isAdmin} />
              <RelationsCard resource={found} />
            </div>
            <div className="grid">
              <KindCards resource={found} />
              <EventsCard id={id} isAdmin={isAdmin} />
            </div>
            <div className="grid">
              <DesiredCard resource={found} drifts={open} comparedAt={drifts.data?.detected_at} isAdmin={isAdmin} />
              <CostsCard resource={found} isAdmin={isAdmin} />
              <SagasCard id={id} isAdmin={isAdmin} />
            </div>
          </div>
        </>
      )}
    </Detail>
  );
}

function Badges({ resource, drifted }: { readonly resource: ResourceDetail; readonly drifted: number }) {
  return (
    <>
      <Status of="resource" value={resource.status} pill />
      {resource.protected && (
        <Badge tone="mute" icon={IconShieldLock} pill>
          {resource.protected_by === 'admin' ? TEXTS.protect.byAdmin : TEXTS.protect.word}
        </Badge>
      )}
      {resource.missing && (
        <Badge tone="bad" icon={IconCircleDashedX} pill>
          {TEXTS.missing(resource.missing.strikes, resource.missing.of)}
        </Badge>
      )}
      {drifted > 0 && (
        <Badge tone="warn" icon={IconGitCompare} pill>
          {TEXTS.desired.drifted(drifted)}
        </Badge>
      )}
    </>
  );
}

interface Networks {
  readonly v4?: readonly { readonly type: string; readonly ip_address: string }[];
}

function FactsCard({ resource }: { readonly resource: ResourceDetail }) {
  const { attrs } = resource;
  const { facts } = TEXTS;
  const tags = Array.isArray(attrs.tags) ? (attrs.tags as string[]) : [];
  const privateAddress = (attrs.networks as Networks | undefined)?.v4?.find(({ type }) => type === 'private')?.ip_address;
  const backups = Array.isArray(attrs.backup_ids) ? attrs.backup_ids.length : 0;
  const hasBackups = Array.isArray(attrs.features) && (attrs.features as string[]).includes('backups');
  const gib = (mib: unknown) => (typeof mib === 'number' ? `${mib / 1024} GiB` : null);
  return (
    <Card title={facts.title} pad>
      <PriceLine price={resource.price} />
      <Facts
        rows={[
          [facts.size, sizeText(resource)],
          [facts.vcpus, typeof attrs.vcpus === 'number' ? String(attrs.vcpus) : null],
          [facts.memory, gib(attrs.memory)],
          [facts.disk, typeof attrs.disk === 'number' ? `${attrs.disk} GiB` : null],
          ...kindFacts(resource),
          [facts.region, resource.region],
          [facts.image, typeof attrs.image === 'string' ? attrs.image : null],
          [facts.address, addressOf(resource) && <Copyable text={addressOf(resource) ?? ''} />],
          [facts.private, privateAddress && <Copyable text={privateAddress} />],
          [facts.backups, resource.kind === 'droplet' ? (hasBackups ? TEXTS.backupsOn(backups) : TEXTS.backupsOff) : null],
          [facts.tags, tags.join(', ')],
          [facts.project, resource.project_name],
          [
            facts.created,
            typeof attrs.created_at === 'string' ? <span title={exactTime(attrs.created_at)}>{dateText(attrs.created_at)}</span> : null,
          ],
          [facts.found, <Age key="found" at={resource.first_seen_at} suffix=" ago" />],
          [facts.seen, <Age key="seen" at={resource.last_seen_at} suffix=" ago" />],
          [facts.deleted, resource.deleted_at && <Age at={resource.deleted_at} suffix=" ago" />],
          [facts.providerId, <Copyable key="id" text={resource.provider_id} />],
          [facts.id, <Copyable key="own-id" text={resource.id} />],
        ]}
      />
    </Card>
  );
}

/** The headline amount of the page, and where it comes from. */
function PriceLine({ price }: Pick<ResourceDetail, 'price'>) {
  if (!price) return null;
  const isKnown = price.monthly !== undefined;
  const isFree = isKnown && Number(monthlyOf(price)) === 0;
  const from = price.source && price.as_of ? `${TEXTS.price.sources[price.source]}, ${dateText(price.as_of)}` : null;
  return (
    <div style={{ marginBottom: 12 }}>
      <p style={{ display: 'flex', alignItems: 'baseline', gap: 8 }}>
        <b className="tn" style={{ fontSize: 22, lineHeight: '28px', letterSpacing: '-.02em', fontWeight: 650 }}>
          {isFree ? TEXTS.price.free : isKnown ? money(monthlyOf(price)) : TEXTS.price.unknown}
        </b>
        {isKnown && !isFree && (
          <span className="dim">
            {TEXTS.price.month}
            {price.hourly && ` · ${hourly(price.hourly)} ${TEXTS.price.hour}`}
          </span>
        )}
      </p>
      <p className="dim sm">
        {[
          price.note,
          from,
          price.backups && TEXTS.price.backups(price.backups.plan, money(price.backups.monthly)),
          price.unpriced && words(price.unpriced),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </div>
  );
}

/** What the cards of the kind show already. */
const SHOWN_BY_KIND: Readonly<Record<string, readonly string[]>> = {
  managed_db: ['db_replica'],
  k8s_cluster: ['k8s_node_pool'],
  dns_zone: ['dns_record'],
};

function RelationsCard({ resource: { id, kind: of } }: { readonly resource: ResourceDetail }) {
  const relations = useRelated(id);
  const found = (relations.data?.data ?? []).filter(({ kind }) => of !== 'vpc' && !SHOWN_BY_KIND[of]?.includes(kind));
  if (relations.isSuccess && found.length === 0 && (of === 'vpc' || SHOWN_BY_KIND[of])) return null;
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  return (
    <Card title={TEXTS.relations.title} pad>
      {relations.error && <ErrorState error={relations.error} retry={() => void relations.refetch()} />}
      {relations.isSuccess && found.length === 0 && <p className="mid">{TEXTS.relations.none}</p>}
      <Facts
        rows={kinds.map((kind) => [
          kindName(kind),
          <ul key={kind}>
            {found
              .filter((related) => related.kind === kind)
              .map((related) => (
                <li key={related.id} className="trunc">
                  <Link to="/resources/$id" params={{ id: related.id }}>
                    {nameOf(related)}
                  </Link>
                </li>
              ))}
          </ul>,
        ])}
      />
      <AllRelated answer={relations.data} id={id} />
    </Card>
  );
}

function SagasCard({ id, isAdmin }: { readonly id: string; readonly isAdmin: boolean }) {
  const sagas = useQuery({
    queryKey: ['sagas', 'of', id],
    queryFn: () => answered(api.GET('/api/v1/sagas', { params: { query: { resource_id: id, limit: MOST_SAGAS } } })),
    refetchInterval: usePollMs(POLL_MS),
  });
  const found = sagas.data?.data ?? [];
  return (
    <Card title={isAdmin ? TEXTS.sagas.title : TEXTS.sagas.mine} right={sagas.data && found.length > 0 && countOf(sagas.data)} pad>
      {sagas.isSuccess && found.length === 0 && <p className="mid">{TEXTS.sagas.none}</p>}
      <ul className="grid" style={{ gap: 6 }}>
        {found.map((saga) => (
          <li key={saga.id} style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
            <Link className="trunc" to="/sagas/$id" params={{ id: saga.id }}>
              {sagaTitle({ ...saga, target_name: null, input: {} })}
            </Link>
            <span style={{ marginLeft: 'auto', display: 'inline-flex', gap: 8 }}>
              <Status of="saga" value={saga.status} />
              <span className="dim sm">
                <Age at={saga.created_at} />
              </span>
            </span>
          </li>
        ))}
      </ul>
      {sagas.data && sagas.data.page.next_cursor !== null && (
        <p style={{ marginTop: 8 }}>
          <Link to="/sagas" search={{ resource_id: id }}>
            {TEXTS.sagas.all}
          </Link>
        </p>
      )}
    </Card>
  );
}
