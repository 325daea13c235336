import { Select } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Drift, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { Dialog } from '../../parts/dialog';
import { dateText, fieldName, moneyDelta, valueText, words } from '../../parts/format';
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

export type Decision = 'accept' | 'ignore' | 'revert';
/** Gets the result of a decision as a sentence, and the saga that carries it out. */
export type Decided = (text: string, sagaId?: string | null) => void;

/** One drift: the evidence, and at most three decisions. */
export function DriftPanel({ drift, close }: { readonly drift: Drift; readonly close: () => void }) {
  const [asking, setAsking] = useState<Decision | null>(null);
  const { panel } = TEXTS;
  if (asking !== null) return <DecisionDialog asking={asking} drift={drift} close={() => setAsking(null)} />;
  return (
    <Dialog title={`${driftName(drift)}: ${fieldName(drift.field)}`} close={close}>
      <DriftFacts drift={drift} />
      <div className="go" style={{ marginTop: 16 }}>
        <DecisionButtons drift={drift} ask={setAsking} />
        <Link className="btn quiet" to="/resources/$id" params={{ id: drift.resource_id }}>
          {panel.open}
        </Link>
      </div>
    </Dialog>
  );
}

export function DriftFacts({ drift }: { readonly drift: Drift }) {
  const delta = drift.monthly_price_delta;
  const { panel } = TEXTS;
  return (
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
  );
}

/** The decisions about an open drift. */
export function DecisionButtons({ drift, ask }: { readonly drift: Drift; readonly ask: (decision: Decision) => void }) {
  const { panel } = TEXTS;
  if (drift.status !== 'open') return null;
  return (
    <>
      <button type="button" className="btn pri" aria-keyshortcuts="p" onClick={() => ask('revert')} data-autofocus>
        {panel.revert}
      </button>
      <button type="button" className="btn" aria-keyshortcuts="a" onClick={() => ask('accept')}>
        {panel.accept}
      </button>
      {!drift.ignored && (
        <button type="button" className="btn quiet" onClick={() => ask('ignore')}>
          {panel.ignore}
        </button>
      )}
    </>
  );
}

/** `decided`: the page stays, and gets the result. Without it the page of the saga follows a revert. */
export function DecisionDialog({ asking, ...props }: DialogProps & { readonly asking: Decision }) {
  if (asking === 'accept') return <AcceptDialog {...props} />;
  return asking === 'ignore' ? <IgnoreDialog {...props} /> : <RevertDialog {...props} />;
}

interface DialogProps {
  readonly drift: Drift;
  readonly close: () => void;
  readonly decided?: Decided | undefined;
}

function AcceptDialog({ drift: latest, close, decided }: DialogProps) {
  const [drift] = useState(latest); // what is accepted is the value that the person read
  const client = useQueryClient();
  const accept = async (reason: string | undefined) => {
    const body = { expected: drift.actual, reason } as never;
    await answered(api.POST('/api/v1/drift/{id}/accept', { params: { path: { id: drift.id } }, body }));
    await renew(client, 'drift');
    decided?.(TEXTS.accept.decided(driftName(drift)));
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

function IgnoreDialog({ drift, close, decided }: DialogProps) {
  const client = useQueryClient();
  const [days, setDays] = useState(String(DAYS[0]));
  const ignore = async (reason: string | undefined) => {
    const expires_at = new Date(Date.now() + Number(days) * DAY_MS).toISOString();
    const body = { resource_id: drift.resource_id, field: drift.field, reason: reason ?? '', expires_at } as Schemas['DriftRuleBody'];
    await answered(api.POST('/api/v1/drift-rules', { body }));
    await renew(client, 'drift');
    decided?.(TEXTS.ignore.decided(driftName(drift), dateText(expires_at)));
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
function RevertDialog({ drift, close, decided }: DialogProps) {
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
    if (decided) decided(TEXTS.revert.decided(driftName(drift)), data.saga_id);
    else if (data.saga_id) await navigate({ to: '/sagas/$id', params: { id: data.saga_id } });
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
