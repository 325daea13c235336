import { Select } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Drift, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { Dialog } from '../../parts/dialog';
import { fieldName, moneyDelta, valueText, words } from '../../parts/format';
import { Facts } from '../../parts/page';
import { hasNothingToDo, PlanCard } from '../../parts/plan-card';
import { ErrorState, Skeleton } from '../../parts/states';
import { Age } from '../../parts/time';
import { renew } from '../../shell/live';
import { TEXTS } from './texts';

export const driftName = ({ resource_name: name, kind }: Pick<Drift, 'resource_name' | 'kind'>): string => name ?? words(kind);
export const causeText = ({ cause }: Drift): string => (cause?.action ? TEXTS.cause(cause.action, cause.ours) : TEXTS.noCause);

const DAY_MS = 86_400_000;
const DAYS = [7, 30, 90];

/** One drift: the evidence, and at most three decisions. */
export function DriftPanel({ drift, close }: { readonly drift: Drift; readonly close: () => void }) {
  const [asking, setAsking] = useState<'accept' | 'ignore' | 'revert' | null>(null);
  const delta = drift.monthly_price_delta;
  const { panel } = TEXTS;
  if (asking === 'accept') return <AcceptDialog drift={drift} close={() => setAsking(null)} />;
  if (asking === 'ignore') return <IgnoreDialog drift={drift} close={() => setAsking(null)} />;
  if (asking === 'revert') return <RevertDialog drift={drift} close={() => setAsking(null)} />;
  return (
    <Dialog title={`${driftName(drift)}: ${fieldName(drift.field)}`} close={close}>
      <Facts
        rows={[
          [panel.ordered, valueText(drift.expected)],
          [panel.actual, <b key="actual">{valueText(drift.actual)}</b>],
          [panel.cost, delta === null ? null : `${moneyDelta(delta)}${Number(delta) === 0 ? '' : ' a month'}`],
          [
            panel.cause,
            <span key="cause">
              {causeText(drift)}, <Age at={drift.cause?.at ?? drift.detected_at} suffix=" ago" />
            </span>,
          ],
          [panel.decided, drift.closed_by && `${drift.closed_by}${drift.reason ? `: “${drift.reason}”` : ''}`],
          [
            panel.saga,
            drift.saga_id && (
              <Link to="/sagas/$id" params={{ id: drift.saga_id }}>
                {TEXTS.revert.done}
              </Link>
            ),
          ],
        ]}
      />
      <div className="go" style={{ marginTop: 16 }}>
        {drift.status === 'open' && (
          <>
            <button type="button" className="btn pri" onClick={() => setAsking('revert')} data-autofocus>
              {panel.revert}
            </button>
            <button type="button" className="btn" onClick={() => setAsking('accept')}>
              {panel.accept}
            </button>
            {!drift.ignored && (
              <button type="button" className="btn quiet" onClick={() => setAsking('ignore')}>
                {panel.ignore}
              </button>
            )}
          </>
        )}
        <Link className="btn quiet" to="/resources/$id" params={{ id: drift.resource_id }}>
          {panel.open}
        </Link>
      </div>
    </Dialog>
  );
}

interface DialogProps {
  readonly drift: Drift;
  readonly close: () => void;
}

function AcceptDialog({ drift: latest, close }: DialogProps) {
  const [drift] = useState(latest); // what is accepted is the value that the person read
  const client = useQueryClient();
  const accept = async (reason: string | undefined) => {
    const body = { expected: drift.actual, reason } as never;
    await answered(api.POST('/api/v1/drift/{id}/accept', { params: { path: { id: drift.id } }, body }));
    await renew(client, 'drift');
  };
  return (
    <Confirm title={TEXTS.accept.title} button={TEXTS.accept.button} reason="required" confirm={accept} close={close}>
      <p className="mid">{TEXTS.accept.text}</p>
      <p>
        {fieldName(drift.field)}: <span className="dim">{valueText(drift.expected)}</span> → <b>{valueText(drift.actual)}</b>
      </p>
    </Confirm>
  );
}

function IgnoreDialog({ drift, close }: DialogProps) {
  const client = useQueryClient();
  const [days, setDays] = useState(String(DAYS[0]));
  const ignore = async (reason: string | undefined) => {
    const expires_at = new Date(Date.now() + Number(days) * DAY_MS).toISOString();
    const body = { resource_id: drift.resource_id, field: drift.field, reason: reason ?? '', expires_at } as Schemas['DriftRuleBody'];
    await answered(api.POST('/api/v1/drift-rules', { body }));
    await renew(client, 'drift');
  };
  return (
    <Confirm title={TEXTS.ignore.title} button={TEXTS.ignore.button} reason="required" confirm={ignore} close={close}>
      <p className="mid">{TEXTS.ignore.text}</p>
      <Select
        label={TEXTS.ignore.until}
        mt={10}
        data={DAYS.map((n) => ({ value: String(n), label: `for ${TEXTS.ignore.days(n)}` }))}
        value={days}
        onChange={(next) => setDays(next ?? days)}
        allowDeselect={false}
      />
    </Confirm>
  );
}

/** Asks for the plan of the revert at once, and starts it when it is confirmed. Without its plan nothing can be confirmed. */
function RevertDialog({ drift, close }: DialogProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const params = { path: { id: drift.id } };
  const ask = useQuery({
    queryKey: ['revert-plan', drift.id],
    queryFn: () => answered(api.POST('/api/v1/drift/{id}/revert', { params: { ...params, query: { dry_run: 'true' } }, body: {} })),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  const plan = ask.data?.data as Schemas['DriftPlanResponse'] | undefined;
  const revert = async (reason: string | undefined) => {
    const body = { reason, plan_hash: plan?.plan_hash } as never;
    const { data } = (await answered(api.POST('/api/v1/drift/{id}/revert', { params, body }))) as { data: { saga_id: string | null } };
    await client.invalidateQueries({ queryKey: ['drift'] });
    if (data.saga_id) await navigate({ to: '/sagas/$id', params: { id: data.saga_id } });
  };
  return (
    <Confirm
      title={TEXTS.revert.title(driftName(drift))}
      button={TEXTS.revert.button}
      reason="optional"
      ready={plan !== undefined && !plan.refused && !hasNothingToDo(plan)}
      confirm={revert}
      close={close}
    >
      {ask.error && <ErrorState error={ask.error} retry={() => void ask.refetch()} />}
      {ask.isPending && <Skeleton />}
      {plan && <PlanCard plan={plan} />}
    </Confirm>
  );
}
