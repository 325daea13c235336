import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas, type Sweep } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { count, words } from '../../parts/format';
import { IconRefresh } from '../../parts/icons';
import { KindIcon, kindName, kindsName } from '../../parts/kinds';
import { CutShort, OutdatedList, useList } from '../../parts/list';
import { Card, Detail, Facts, PageHead } from '../../parts/page';
import { ErrorState, Note, ProblemCode, Skeleton } from '../../parts/states';
import { Status } from '../../parts/status';
import { Age } from '../../parts/time';
import { TenantName } from '../../shell/counts';
import { renew } from '../../shell/live';
import { sweepTook, useSweepAgain } from './sweeps-screen';
import { TEXTS } from './texts';

type Missed = Schemas['MissedResponse'];
const RUNNING_POLL_MS = 1_500;

export function SweepScreen() {
  const { id } = useParams({ from: '/sweeps/$id' });
  const sweep = useQuery({
    queryKey: ['sweep', id],
    queryFn: () => answered(api.GET('/api/v1/sweeps/{id}', { params: { path: { id } } })),
    refetchInterval: ({ state }) => (state.data?.data.status === 'running' ? RUNNING_POLL_MS : false),
  });
  const found = sweep.data?.data;
  return (
    <Detail what={TEXTS.one} list={{ text: TEXTS.title, to: '/sweeps' }} queries={[sweep]}>
      {found && (
        <>
          <PageHead
            title={`${kindName(found.kind)} sweep`}
            badges={<Status of="sweep" value={found.status} pill />}
            crumbs={[{ text: TEXTS.title, to: '/sweeps' }, { text: kindName(found.kind) }]}
            actions={<SweepActions sweep={found} />}
          />
          {found.status === 'suspect' && (
            <div style={{ marginBottom: 16 }}>
              <Note tone="bad" title={TEXTS.page.suspect}>
                {found.missing ? TEXTS.page.suspectText(found.missing) : TEXTS.page.replaced}
              </Note>
            </div>
          )}
          <div className="sw">
            <SweepFacts sweep={found} />
            <div className="grid" style={{ alignContent: 'start' }}>
              {(found.status === 'suspect' || found.missing !== null) && <MissingCard id={id} />}
              {found.unreadable_items.length > 0 && <UnreadableCard sweep={found} />}
            </div>
          </div>
        </>
      )}
    </Detail>
  );
}

/** `done`: the page stays, and gets the result of the decision. */
export function SweepActions({ sweep, done }: { readonly sweep: Sweep; readonly done?: (text: string) => void }) {
  const again = useSweepAgain(done);
  const client = useQueryClient();
  const [releasing, setReleasing] = useState(false);
  const missing = sweep.missing ?? 0;
  const release = async (reason: string | undefined) => {
    await answered(api.POST('/api/v1/sweeps/{id}/release', { params: { path: { id: sweep.id } }, body: { reason: reason ?? '' } }));
    await renew(client, 'sweep', 'resource', 'tenant');
    done?.(TEXTS.page.released(kindName(sweep.kind), missing));
  };
  return (
    <>
      {sweep.status === 'suspect' && missing > 0 && (
        <button type="button" className="btn bad" aria-keyshortcuts="a" onClick={() => setReleasing(true)}>
          {TEXTS.page.release(missing)}
        </button>
      )}
      <button
        type="button"
        className="btn pri"
        aria-keyshortcuts="r"
        disabled={again.isPending || sweep.status === 'running'}
        onClick={() => again.mutate(sweep.kind)}
      >
        <IconRefresh size={16} stroke={1.75} aria-hidden />
        {TEXTS.again(kindsName(sweep.kind, 2))}
      </button>
      {again.error && (
        <span role="alert" className="sm" style={{ color: 'var(--bad)' }}>
          {again.error.message} <ProblemCode error={again.error} />
        </span>
      )}
      {releasing && (
        <Confirm
          title={TEXTS.page.releaseTitle(missing)}
          button={TEXTS.page.releaseButton}
          danger
          typed={String(missing)}
          reason="required"
          confirm={release}
          close={() => setReleasing(false)}
        >
          <p className="mid">{TEXTS.page.releaseText}</p>
        </Confirm>
      )}
    </>
  );
}

function SweepFacts({ sweep }: { readonly sweep: Sweep }) {
  const { facts } = TEXTS.page;
  return (
    <Card label={TEXTS.title} pad>
      <Facts
        rows={[
          [facts.reason, sweep.reason && words(sweep.reason)],
          [facts.trigger, TEXTS.triggers[sweep.trigger] ?? sweep.trigger],
          [facts.pages, TEXTS.pages(sweep.pages_done, sweep.pages_expected)],
          [facts.calls, count(sweep.calls)],
          [facts.seen, count(sweep.seen)],
          [facts.found, count(sweep.discovered)],
          [facts.updated, count(sweep.updated)],
          [facts.struck, count(sweep.struck)],
          [facts.deleted, count(sweep.deleted)],
          [facts.started, <Age key="started" at={sweep.started_at} suffix=" ago" />],
          [facts.took, sweepTook(sweep)],
        ]}
      />
    </Card>
  );
}

/** What the sweep did not list, with names and owners: the evidence for the decision. `most`: of more rows only the first ones. */
export function MissingCard({ id, most = Infinity }: { readonly id: string; readonly most?: number }) {
  const {
    query,
    rows: all,
    onEnd,
    outdated,
  } = useList<Missed, Schemas['MissedResponseList']>(['sweep-missing', id], (cursor) =>
    answered(api.GET('/api/v1/sweeps/{id}/missing', { params: { path: { id }, query: { limit: 100, ...(cursor && { cursor }) } } })),
  );
  const rows = all.slice(0, most);
  const isShort = rows.length < all.length;
  const { heads } = TEXTS.page;
  return (
    <Card title={TEXTS.page.missing} right={TEXTS.page.missingSub}>
      {query.error && !query.isFetchNextPageError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton />}
      {outdated && <OutdatedList {...outdated} />}
      {query.isSuccess && rows.length === 0 && <p className="pad mid">{TEXTS.page.noneMissing}</p>}
      {rows.length > 0 && (
        <table aria-label={TEXTS.page.missing}>
          <colgroup>
            <col />
            <col className="hide-m" style={{ width: 120 }} />
            <col style={{ width: 120 }} />
            <col className="hide-m" style={{ width: 110 }} />
            <col className="hide-m" style={{ width: 70 }} />
            <col style={{ width: 90 }} />
          </colgroup>
          <thead>
            <tr>
              <th scope="col">{heads.name}</th>
              <th scope="col" className="hide-m">
                {heads.kind}
              </th>
              <th scope="col">{heads.owner}</th>
              <th scope="col" className="hide-m">
                {heads.state}
              </th>
              <th scope="col" className="num hide-m">
                {heads.strikes}
              </th>
              <th scope="col" className="num">
                {heads.seen}
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((missed) => (
              <tr key={`${missed.what}/${missed.kind}/${missed.provider_id}/${missed.project_name}`}>
                <td>
                  <MissedName missed={missed} />
                </td>
                <td className="hide-m mid">{kindName(missed.kind)}</td>
                <td>{missed.tenant_id && <TenantName id={missed.tenant_id} />}</td>
                <td className="hide-m">{missed.status && <Status of="resource" value={missed.status} />}</td>
                <td className="num hide-m">{missed.stale_strike_count ?? ''}</td>
                <td className="num">{missed.last_seen_at && <Age at={missed.last_seen_at} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {query.isFetchNextPageError && <CutShort error={query.error} query={query} />}
      {isShort && <p className="pad mid">{TEXTS.page.all(all.length)}</p>}
      {query.hasNextPage && !query.isFetchNextPageError && !isShort && (
        <p className="pad">
          <button type="button" className="btn sml" onClick={onEnd}>
            More
          </button>
        </p>
      )}
    </Card>
  );
}

function MissedName({ missed }: { readonly missed: Missed }) {
  const name = missed.name ?? missed.provider_id;
  return (
    <span className="nm">
      <KindIcon kind={missed.kind} />
      {missed.id && missed.what !== 'project' ? (
        <Link to="/resources/$id" params={{ id: missed.id }} className="trunc">
          {name}
        </Link>
      ) : (
        <span className="trunc">{name}</span>
      )}
      {missed.project_name && <span className="dim">{TEXTS.page.membership(missed.project_name)}</span>}
    </span>
  );
}

function UnreadableCard({ sweep }: { readonly sweep: Sweep }) {
  return (
    <Card title={TEXTS.page.unreadable} pad>
      <ul className="grid" style={{ gap: 4 }}>
        {sweep.unreadable_items.map((item) => (
          <li key={`${item.list}/${item.object_id}/${item.field}`}>
            <span className="mono">{item.object_id ?? '?'}</span> {item.field && <b>{item.field}</b>}{' '}
            <span className="dim">{TEXTS.page.listIs(item.list)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
