import { Select, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { fieldErrors } from '../../parts/fields';
import { wholeNumber } from '../../parts/format';
import { IconPlus, IconTrash } from '../../parts/icons';
import { Card } from '../../parts/page';
import { PlainTable } from '../../parts/plain-table';
import { EmptyState, ErrorState, Note, Skeleton } from '../../parts/states';
import { TEXTS } from './texts';

type Policy = Schemas['DunningPolicyResponse'];
type Action = Policy['steps'][number]['action'];

const { dunning: WORDS } = TEXTS;
const ISSUER = 'default';
const KEY = ['dunning', ISSUER];
const MOST_STEPS = 20;
const LATEST_DAY = 365;
const ACTIONS = Object.entries(WORDS.actions).map(([value, label]) => ({ value, label }));

/** What happens, and how many days after the due date, while an invoice is not paid. */
export function DunningCard() {
  const policy = useQuery({
    queryKey: KEY,
    queryFn: () => answered(api.GET('/api/v1/billing/issuers/{id}/dunning', { params: { path: { id: ISSUER } } })),
  });
  const [isEditing, setEditing] = useState(false);
  const found = policy.data?.data;
  return (
    <Card
      title={WORDS.title}
      right={
        found && (
          <button type="button" className="btn sml" onClick={() => setEditing(true)}>
            {WORDS.edit}
            <span className="vh"> {WORDS.title}</span>
          </button>
        )
      }
    >
      {policy.error && <ErrorState error={policy.error} retry={() => void policy.refetch()} />}
      {policy.isPending && <Skeleton lines={3} />}
      {found?.steps.length === 0 && <EmptyState {...WORDS.empty} />}
      {found && found.steps.length > 0 && (
        <PlainTable
          label={WORDS.title}
          rows={found.steps}
          rowId={({ after_days: days, action }) => `${days} ${action}`}
          columns={[
            { id: 'when', head: WORDS.heads.when, width: 'wide-col', look: 'b', cell: ({ after_days: days }) => WORDS.after(days) },
            { id: 'what', head: WORDS.heads.what, wraps: true, cell: ({ action }) => WORDS.actions[action] },
          ]}
        />
      )}
      {isEditing && found && <EditDialog policy={found} close={() => setEditing(false)} />}
    </Card>
  );
}

interface Draft {
  readonly key: number;
  readonly days: string;
  readonly action: Action;
}

const draftOf = ({ after_days: days, action }: Policy['steps'][number], key: number): Draft => ({ key, days: String(days), action });

function dayError(text: string): string | undefined {
  const day = wholeNumber(text);
  return day !== null && day >= 0 && day <= LATEST_DAY ? undefined : WORDS.wrongDay;
}

/** The whole set of steps. What is refused names its step. */
function EditDialog({ policy: latest, close }: { readonly policy: Policy; readonly close: () => void }) {
  const [policy] = useState(latest); // a save of the version that was opened is refused after a change by somebody else
  const client = useQueryClient();
  const [steps, setSteps] = useState<readonly Draft[]>(() => policy.steps.map(draftOf));
  const [refused, refuse] = useState<Error | null>(null);
  const theirs = fieldErrors(refused);
  const change = (at: number, next: Partial<Draft>) => {
    refuse(null);
    setSteps(steps.map((step, index) => (index === at ? { ...step, ...next } : step)));
  };
  const add = () => {
    const last = steps.at(-1);
    const key = Math.max(0, ...steps.map((step) => step.key)) + 1;
    setSteps([...steps, { key, days: String(Math.min(LATEST_DAY, (wholeNumber(last?.days ?? '') ?? -4) + 7)), action: 'remind' }]);
  };
  const save = async (reason: string | undefined) => {
    const given = steps.map(({ days, action }) => ({ after_days: wholeNumber(days) ?? 0, action }));
    const body = { expected_version: policy.version, steps: given, ...(reason && { reason }) };
    await answered(api.PUT('/api/v1/billing/issuers/{id}/dunning', { params: { path: { id: ISSUER } }, body }));
    await client.invalidateQueries({ queryKey: KEY });
  };
  return (
    <Confirm
      title={WORDS.dialog}
      button={TEXTS.save}
      reason="required"
      wide
      ready={steps.every(({ days }) => !dayError(days))}
      confirm={save}
      refuse={refuse}
      close={close}
    >
      <p className="mid" style={{ marginBottom: 10 }}>
        {WORDS.text}
      </p>
      <ol className="row-fields">
        {steps.map(({ key, days, action }, at) => (
          <li key={key} className="step-row">
            <TextInput
              label={WORDS.days}
              inputMode="numeric"
              value={days}
              error={dayError(days) ?? theirs.get(`steps.${at}.after_days`) ?? theirs.get(`steps.${at}`)}
              onChange={(event) => change(at, { days: event.currentTarget.value })}
            />
            <Select
              label={WORDS.heads.what}
              data={ACTIONS}
              value={action}
              error={theirs.get(`steps.${at}.action`)}
              onChange={(next) => next && change(at, { action: next as Action })}
              allowDeselect={false}
            />
            <button
              type="button"
              className="iconbtn"
              aria-label={WORDS.remove(at + 1)}
              onClick={() => {
                refuse(null);
                setSteps(steps.toSpliced(at, 1));
              }}
            >
              <IconTrash size={16} stroke={1.75} aria-hidden />
            </button>
          </li>
        ))}
      </ol>
      {steps.length === 0 && <Note tone="warn">{WORDS.empty.hint}</Note>}
      <button type="button" className="btn sml" style={{ marginTop: 10 }} disabled={steps.length >= MOST_STEPS} onClick={add}>
        <IconPlus size={16} stroke={1.75} aria-hidden />
        {WORDS.add}
      </button>
    </Confirm>
  );
}
