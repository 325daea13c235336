import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { answered, api } from '../../client/client';
import { money } from '../../parts/format';
import { KindIcon, kindName, sizeText } from '../../parts/kinds';
import { Card } from '../../parts/page';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { Status } from '../../parts/status';
import { nameOf, Price } from '../inventory/inventory-columns';
import { usePollMs } from '../../shell/live';
import { TEXTS } from './texts';

const POLL_MS = 30_000;
const SHOWN_RESOURCES = 12;

/** What costs most, one line each. */
export function ResourcesCard() {
  const query = { sort: '-price', limit: SHOWN_RESOURCES, totals: 'true' } as const;
  const resources = useQuery({
    queryKey: ['inventory', 'home'],
    queryFn: () => answered(api.GET('/api/v1/inventory', { params: { query } })),
    refetchInterval: usePollMs(POLL_MS),
  });
  const { data: found = [], totals } = resources.data ?? {};
  return (
    <Card title={TEXTS.resources} right={totals && TEXTS.monthly(money(totals.monthly))}>
      {resources.error && <ErrorState error={resources.error} retry={() => void resources.refetch()} />}
      {resources.isPending && <Skeleton lines={8} />}
      {resources.isSuccess && found.length === 0 && <EmptyState {...TEXTS.noResources} />}
      {found.length > 0 && (
        <table aria-label={TEXTS.resources} className="home-list">
          <thead>
            <tr>
              <th scope="col">{TEXTS.heads.name}</th>
              <th scope="col" className="hide-m" style={{ width: 130 }}>
                {TEXTS.heads.kind}
              </th>
              <th scope="col" className="hide-m" style={{ width: 170 }}>
                {TEXTS.heads.details}
              </th>
              <th scope="col" style={{ width: 110 }}>
                {TEXTS.heads.state}
              </th>
              <th scope="col" className="num" style={{ width: 90 }}>
                {TEXTS.heads.price}
              </th>
            </tr>
          </thead>
          <tbody>
            {found.map((resource) => (
              <tr key={resource.id}>
                <td>
                  <span className="nm">
                    <KindIcon kind={resource.kind} />
                    <Link className="trunc" to="/resources/$id" params={{ id: resource.id }}>
                      {nameOf(resource)}
                    </Link>
                  </span>
                </td>
                <td className="hide-m mid">{kindName(resource.kind)}</td>
                <td className="hide-m mid">{[sizeText(resource), resource.region].filter(Boolean).join(', ')}</td>
                <td>
                  <Status of="resource" value={resource.status} />
                </td>
                <td className="num">
                  <Price price={resource.price} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {totals && totals.count > found.length && (
        <p className="pad">
          <Link to="/inventory">{TEXTS.all(totals.count)}</Link>
        </p>
      )}
    </Card>
  );
}
