import type { SagaTimeline } from '../../client/client';
import { count, exactTime, secondOfDay } from '../../parts/format';
import { Card, Facts } from '../../parts/page';
import { Copyable } from '../../parts/states';
import { stepTitle } from './lanes';
import { TEXTS } from './texts';

type Call = SagaTimeline['provider_calls'][number];
const MOST_SHOWN = 60;

/** The attempt that a call belongs to: the last one that had begun. */
function attemptOf({ step_idx, compensating, at }: Call, { steps }: SagaTimeline): number {
  const step = steps[step_idx];
  const attempts = (compensating ? step?.compensation : step?.attempts) ?? [];
  return Math.max(1, attempts.filter(({ started_at }) => Date.parse(started_at) <= Date.parse(at)).length);
}

function groupOf(call: Call, timeline: SagaTimeline): string {
  const step = timeline.steps[call.step_idx];
  const title = step ? stepTitle(step) : String(call.step_idx + 1);
  const attempts = (call.compensating ? step?.compensation : step?.attempts)?.length ?? 0;
  const name = call.compensating ? TEXTS.undoOf(title) : title;
  return attempts > 1 ? TEXTS.calls.attempt(name, attemptOf(call, timeline)) : name;
}

/** The end of a path: its beginning is the same everywhere. */
const shortPath = (path: string): string => path.replace(/^\/v2\//, '…/');

/** What the saga sent to the provider, newest first, by step and attempt. For platform admins. */
export function ProviderCalls({ timeline }: { readonly timeline: SagaTimeline }) {
  const { worker, provider_calls: all } = timeline;
  const calls = all.toReversed().slice(0, MOST_SHOWN);
  const last = calls.find(({ request_id: id }) => id !== null);
  return (
    <Card
      title={TEXTS.calls.title}
      right={all.length > calls.length ? TEXTS.calls.some(calls.length, count(all.length)) : TEXTS.calls.order}
    >
      {calls.length === 0 ? (
        <p className="pad mid">{TEXTS.calls.none}</p>
      ) : (
        <table className="calls" aria-label={TEXTS.calls.title}>
          <colgroup>
            <col style={{ width: 76 }} />
            <col />
            <col style={{ width: 48 }} />
            <col style={{ width: 60 }} />
          </colgroup>
          <thead>
            <tr>
              <th scope="col">{TEXTS.calls.at}</th>
              <th scope="col">{TEXTS.calls.call}</th>
              <th scope="col">{TEXTS.calls.code}</th>
              <th scope="col" className="num">
                ms
              </th>
            </tr>
          </thead>
          <tbody>
            {calls.flatMap((call, nr) => {
              const group = groupOf(call, timeline);
              const before = calls[nr - 1];
              const isNew = before === undefined || groupOf(before, timeline) !== group;
              return [
                isNew && (
                  <tr key={`group ${nr}`} className="grp">
                    <th colSpan={4} scope="rowgroup">
                      {group}
                    </th>
                  </tr>
                ),
                <CallRow key={`call ${nr}`} call={call} />,
              ];
            })}
          </tbody>
        </table>
      )}
      <div className="pad" style={{ borderTop: '1px solid var(--line)' }}>
        <Facts
          rows={[
            [TEXTS.calls.request, last?.request_id && <Copyable text={last.request_id} />],
            [TEXTS.calls.worker, worker?.owner ? <span className="mono wrap">{worker.owner}</span> : TEXTS.calls.noWorker],
            [TEXTS.calls.claims, worker?.epoch],
            [TEXTS.calls.lease, worker?.lease_until && exactTime(worker.lease_until)],
          ]}
        />
      </div>
    </Card>
  );
}

function CallRow({ call: { at, method, path, status, ms, request_id: id } }: { readonly call: Call }) {
  const isRefused = status === null || status >= 400;
  return (
    <tr title={id ? `${TEXTS.calls.request} ${id}` : undefined}>
      <td className="tn dim">{secondOfDay(at)}</td>
      <td className="mono front" title={`${method} ${path}`}>
        {method} {shortPath(path)}
      </td>
      <td className="tn b" style={isRefused ? { color: 'var(--bad)' } : undefined}>
        {status ?? TEXTS.calls.noAnswer}
      </td>
      <td className="num dim">{count(ms)}</td>
    </tr>
  );
}
