import { NumberInput, Select } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Saga, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { count } from '../../parts/format';
import { Facts } from '../../parts/page';
import { sagaTitle } from '../../parts/sagas';
import { ErrorState, Note, Skeleton } from '../../parts/states';
import { Status } from '../../parts/status';
import type { Filters } from '../../shell/search';
import { TEXTS } from './texts';

type BulkBody = Schemas['BulkJobBody'];
type Verb = BulkBody['verb'];
type Plan = Schemas['BulkPlanResponse'];

const VERBS: readonly Verb[] = ['retry', 'pause', 'resume', 'retry-step', 'cancel', 'skip', 'release', 'redrive'];
/** These cannot be taken back, so the number of sagas is typed. */
const LASTING: readonly Verb[] = ['cancel', 'skip', 'release'];
const RATE = 60;
const FASTEST = 6_000;

/** What a job is for: chosen sagas, or all that match the filters of the list. */
export type Chosen = { readonly ids: readonly string[] } | { readonly filter: Filters };

interface BarProps {
  readonly rows: readonly Saga[];
  /** The filters of the list, without its order. */
  readonly filter: Filters;
  readonly clear: () => void;
}

/** Below the list: one verb for the sagas that are selected. */
export function SagaBulkBar({ rows, filter, clear }: BarProps) {
  const [asking, setAsking] = useState<Chosen | null>(null);
  if (rows.length === 0 && asking === null) return null;
  const { bulk } = TEXTS;
  return (
    <div className="bulk" role="region" aria-label={bulk.label}>
      <b className="tn">{bulk.selected(rows.length)}</b>
      <button type="button" className="btn quiet sml" onClick={() => setAsking({ filter })}>
        {bulk.all}
      </button>
      <span className="go" style={{ margin: '0 0 0 auto' }}>
        <button type="button" className="btn sml" onClick={() => setAsking({ ids: rows.map(({ id }) => id) })}>
          {bulk.steer}
        </button>
        <button type="button" className="btn quiet sml" onClick={clear}>
          {bulk.clear}
        </button>
      </span>
      {asking && <BulkDialog chosen={asking} close={() => setAsking(null)} />}
    </div>
  );
}

/** Asks for the verb and the rate, and shows what a job would do before it is confirmed. */
function BulkDialog({ chosen, close }: { readonly chosen: Chosen; readonly close: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [verb, setVerb] = useState<Verb>('retry');
  const [rate, setRate] = useState(RATE);
  const { bulk } = TEXTS;
  const body = { ...chosen, verb, rate_per_minute: rate };
  const preview = useQuery({
    queryKey: ['saga-bulk-plan', chosen, verb],
    queryFn: async () => {
      const reason = 'preview'; // a dry run records nothing, and its body has the form of the real one
      const call = api.POST('/api/v1/sagas/bulk-jobs', { params: { query: { dry_run: 'true' } }, body: { ...body, reason } as never });
      return (await answered(call)) as unknown as { data: Plan };
    },
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
  const plan = preview.data?.data;
  const act = async (reason: string | undefined) => {
    const answer = await answered(api.POST('/api/v1/sagas/bulk-jobs', { body: { ...body, reason } as never }));
    await client.invalidateQueries({ queryKey: ['sagas'] });
    const { data } = answer as unknown as { data: Schemas['BulkJobResponse'] };
    await navigate({ to: '/sagas/bulk/$id', params: { id: data.id } });
  };
  const total = plan?.total ?? 0;
  const isLasting = LASTING.includes(verb);
  return (
    <Confirm
      title={bulk.title}
      button={bulk.button(bulk.verbs[verb], total)}
      reason="required"
      danger={isLasting}
      {...(isLasting && total > 1 && { typed: String(total) })}
      ready={plan !== undefined && total > 0 && !isAllRefused(plan) && !preview.isFetching}
      confirm={act}
      close={close}
    >
      <div className="form">
        <div className="bulk-fields">
          <Select
            label={bulk.verb}
            data={VERBS.map((value) => ({ value, label: bulk.verbs[value] }))}
            value={verb}
            onChange={(value) => value && setVerb(value)}
            allowDeselect={false}
            data-autofocus
          />
          <NumberInput
            label={bulk.rate}
            value={rate}
            onChange={(value) => setRate(typeof value === 'number' ? value : RATE)}
            min={1}
            max={FASTEST}
            allowDecimal={false}
            allowNegative={false}
          />
        </div>
        <p className="mid">{bulk.texts[verb]}</p>
        {preview.error && <ErrorState error={preview.error} retry={() => void preview.refetch()} />}
        {preview.isPending && <Skeleton lines={2} />}
        {plan && <Preview plan={plan} rate={rate} />}
      </div>
    </Confirm>
  );
}

/** The dry run looks at the first sagas only; it knows all of them when there are few. */
const isAllRefused = ({ total, first }: Pick<Plan, 'total' | 'first'>): boolean =>
  first.length === total && first.every(({ allowed }) => !allowed);

function Preview({ plan: { total, first }, rate }: { readonly plan: Plan; readonly rate: number }) {
  const { bulk } = TEXTS;
  const allowed = first.filter((one) => one.allowed).length;
  const isWhole = first.length === total;
  if (total === 0) return <Note tone="info">{bulk.nothing}</Note>;
  if (isAllRefused({ total, first })) return <Note tone="warn">{bulk.allRefused(total)}</Note>;
  return (
    <>
      <Facts
        right
        rows={[
          [bulk.total, <b key="total">{count(total)}</b>],
          [isWhole ? bulk.possible : bulk.possibleOf(first.length), count(allowed)],
          [isWhole ? bulk.refused : bulk.refusedOf(first.length), count(first.length - allowed)],
          [bulk.takes, bulk.about(Math.ceil(total / Math.max(1, rate)))],
        ]}
      />
      <ul className="bulk-first" aria-label={bulk.first}>
        {first.slice(0, 5).map(({ id, kind, target_name, status, allowed: isAllowed }) => (
          <li key={id}>
            <span className="trunc">{sagaTitle({ kind, target_name, input: {} })}</span>
            <Status of="saga" value={status} />
            <span className={isAllowed ? 'dim' : 'st warn'}>{isAllowed ? bulk.will : bulk.wont}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
