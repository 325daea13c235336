import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Drift, type ResourceDetail } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { moneyDelta, valueText, words } from '../../parts/format';
import { IconCircleCheck } from '../../parts/icons';
import { Card } from '../../parts/page';
import { Note } from '../../parts/states';
import { Badge } from '../../parts/status';
import { Age } from '../../parts/time';
import { renew, usePollMs } from '../../shell/live';
import { nameOf } from '../inventory/inventory-columns';
import { TEXTS } from './texts';

/** The open drifts of a resource; operators only. */
export function useDrifts(id: string, isAdmin: boolean) {
  return useQuery({
    queryKey: ['drift', 'of', id],
    queryFn: () => answered(api.GET('/api/v1/drift', { params: { query: { resource_id: id, status: 'open' } } })),
    enabled: isAdmin,
    refetchInterval: usePollMs(15_000),
  });
}

/** The value of now, where the inventory has the field; a drift has it more exactly. */
function liveValue({ name, size_slug, region, status }: ResourceDetail, field: string, ordered: unknown): unknown {
  const known: Readonly<Record<string, unknown>> = { name, size_slug, region };
  if (field === 'power') return status === 'off' ? 'off' : 'on';
  return known[field] ?? ordered;
}

/** What was ordered beside what runs. A field that differs is marked, with what it costs and what caused it. */
export function DesiredCard({
  resource,
  drifts,
  comparedAt,
  isAdmin,
}: {
  readonly resource: ResourceDetail;
  readonly drifts: readonly Drift[];
  /** The end of the last comparison; null before the first one, undefined while it is not known. */
  readonly comparedAt: string | null | undefined;
  readonly isAdmin: boolean;
}) {
  const [adopting, setAdopting] = useState(false);
  const client = useQueryClient();
  const desired = resource.desired_state;
  const adopt = async (reason: string | undefined) => {
    await answered(api.POST('/api/v1/inventory/{id}/adopt', { params: { path: { id: resource.id } }, body: { reason } }));
    await renew(client, 'resource', 'drift');
  };
  if (!desired) {
    return (
      <Card title={TEXTS.desired.title} pad>
        <p className="mid">{TEXTS.desired.none}</p>
        {isAdmin && resource.deleted_at === null && (
          <div className="go" style={{ marginTop: 10 }}>
            <button type="button" className="btn sml" onClick={() => setAdopting(true)}>
              {TEXTS.desired.adopt}
            </button>
          </div>
        )}
        {adopting && (
          <Confirm
            title={TEXTS.desired.adoptTitle(nameOf(resource))}
            button={TEXTS.desired.adoptButton}
            reason="optional"
            confirm={adopt}
            close={() => setAdopting(false)}
          >
            <p className="mid">{TEXTS.desired.adoptText}</p>
          </Confirm>
        )}
      </Card>
    );
  }
  const byField = new Map(drifts.map((drift) => [drift.field, drift]));
  const rows = Object.entries(desired.spec).map(([field, ordered]) => {
    const actual = byField.get(field)?.actual ?? liveValue(resource, field, ordered);
    return { field, ordered, actual, differs: byField.has(field) || valueText(ordered) !== valueText(actual) };
  });
  return (
    <Card title={TEXTS.desired.title} right={TEXTS.desired.version(desired.spec_version)}>
      <table className="dsr">
        <colgroup>
          <col style={{ width: 84 }} />
          <col />
          <col />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">{TEXTS.desired.field}</th>
            <th scope="col">{TEXTS.desired.ordered}</th>
            <th scope="col">{TEXTS.desired.actual}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ field, ordered, actual, differs }) => (
            <tr key={field} className={differs ? 'x' : ''}>
              <td className={differs ? '' : 'mid'} style={differs ? { fontWeight: 600, color: 'var(--warn)' } : undefined}>
                {words(field.replace('_slug', ''))}
              </td>
              <td title={valueText(ordered)}>{valueText(ordered)}</td>
              <td title={valueText(actual)} className={differs ? 'b' : ''}>
                {valueText(actual)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {isAdmin && (
        <div className="pad" style={{ borderTop: '1px solid var(--line)' }}>
          {drifts.length > 0 ? (
            drifts.map((drift) => <DriftNote key={drift.id} drift={drift} />)
          ) : (
            <Comparison resource={resource} comparedAt={comparedAt} differs={rows.some(({ differs }) => differs)} />
          )}
        </div>
      )}
    </Card>
  );
}

interface ComparisonProps {
  readonly resource: ResourceDetail;
  readonly comparedAt: string | null | undefined;
  readonly differs: boolean;
}

/** No drift is open. That counts only where a comparison ended after the last change, and the resource was seen after it too. */
function Comparison({ resource: { desired_state: desired, last_seen_at: seen }, comparedAt, differs }: ComparisonProps) {
  const { desired: WORDS } = TEXTS;
  if (comparedAt === undefined || !desired) return <p className="dim">{WORDS.unknown}</p>;
  if (comparedAt === null) return <p className="mid">{WORDS.never}</p>;
  const changed = Date.parse(desired.changed_at);
  const isCompared = Date.parse(comparedAt) > changed && Date.parse(seen) > changed;
  const last = (
    <span className="dim">
      {WORDS.compared} <Age at={comparedAt} suffix=" ago" />
    </span>
  );
  if (!isCompared || differs) {
    return (
      <p className="mid">
        {WORDS.notCompared} {last}
      </p>
    );
  }
  return (
    <>
      <Badge tone="ok" icon={IconCircleCheck}>
        {WORDS.matches}
      </Badge>{' '}
      {last}
    </>
  );
}

function DriftNote({ drift }: { readonly drift: Drift }) {
  const { cause, monthly_price_delta: delta } = drift;
  return (
    <div style={{ display: 'grid', gap: 8, marginBottom: 8 }}>
      <Note tone="warn" title={delta === null ? words(drift.field) : `${moneyDelta(delta)} a month`}>
        <Age at={cause?.at ?? drift.detected_at} suffix=" ago" />
        {cause?.action && `, ${words(cause.action).toLowerCase()}, ${cause.ours ? TEXTS.events.ours : TEXTS.events.notOurs}`}
      </Note>
      <Link className="btn" to="/drift" search={{ resource_id: drift.resource_id, open: drift.id }}>
        {TEXTS.desired.open}
      </Link>
    </div>
  );
}
