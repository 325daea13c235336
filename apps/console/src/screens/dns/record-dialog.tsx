import { NumberInput, Select, TextInput, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Problem, type Resource } from '../../client/client';
import { Dialog } from '../../parts/dialog';
import { hasNothingToDo, PlanCard, type Plan } from '../../parts/plan-card';
import { planStart, startSaga, type StartBody } from '../../parts/sagas';
import { Note, RefusedNote } from '../../parts/states';
import { EXTRA, fieldsOf, inputOf, NEW_RECORD, RECORD_TYPES, wholeName, type NumberField, type RecordFields } from './record';
import { TEXTS } from './texts';

const { form: FORM } = TEXTS;
const SHORTEST_REASON = 5;
const CAA_TAGS = ['issue', 'issuewild', 'iodef'];

interface DialogProps {
  readonly zone: string;
  /** Null for a new one. */
  readonly record: Resource | null;
  readonly close: () => void;
}

interface Planned {
  readonly plan: Plan;
  readonly body: StartBody;
  readonly key: string;
}

/** Sets or deletes a record: the form, then the plan of exactly that, then the deed. */
export function RecordDialog({ zone, record, close }: DialogProps) {
  const before = record ? fieldsOf(record) : null;
  const [fields, setFields] = useState<RecordFields>(before ?? NEW_RECORD);
  const [planned, setPlanned] = useState<Planned | null>(null);
  const isFixed = before !== null && !(RECORD_TYPES as readonly string[]).includes(before.type);
  const ask = useMutation({
    mutationFn: (body: StartBody) => planStart(body),
    onSuccess: ({ data }, body) => setPlanned({ plan: data, body, key: crypto.randomUUID() }),
  });
  const plan = (kind: 'upsert_dns_record' | 'delete_dns_record') => {
    const isChange = kind === 'upsert_dns_record' && before !== null;
    ask.mutate({
      kind,
      input: kind === 'upsert_dns_record' ? inputOf(zone, fields, isChange ? before.data : undefined) : inputOf(zone, before ?? fields),
    });
  };
  const isRemoval = planned?.body.kind === 'delete_dns_record';
  return (
    <Dialog title={isRemoval ? FORM.remove : before ? FORM.edit : FORM.add} width={560} close={close}>
      {planned ? (
        <PlannedRecord planned={planned} name={wholeName(zone, fields.name)} again={setPlanned} back={() => setPlanned(null)} />
      ) : (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            plan('upsert_dns_record');
          }}
        >
          {isFixed && <Note tone="info">{TEXTS.readOnly}</Note>}
          <FieldInputs zone={zone} fields={fields} set={setFields} isKnown={before !== null} disabled={isFixed} error={ask.error} />
          {ask.error && <RefusedNote error={ask.error} />}
          <div className="go">
            <button type="button" className="btn" onClick={close}>
              {FORM.cancel}
            </button>
            {before && !isFixed && (
              <button type="button" className="btn bad" disabled={ask.isPending} onClick={() => plan('delete_dns_record')}>
                {FORM.planRemove}
              </button>
            )}
            {!isFixed && (
              <button type="submit" className="btn pri" disabled={ask.isPending || fields.name.trim() === '' || fields.data.trim() === ''}>
                {FORM.plan}
              </button>
            )}
          </div>
        </form>
      )}
    </Dialog>
  );
}

interface InputsProps {
  readonly zone: string;
  readonly fields: RecordFields;
  readonly set: (fields: RecordFields) => void;
  /** A record that exists keeps its type and name: another name is another record. */
  readonly isKnown: boolean;
  readonly disabled: boolean;
  readonly error: Error | null;
}

function FieldInputs({ zone, fields, set, isKnown, disabled, error }: InputsProps) {
  const problems =
    error instanceof Problem
      ? Object.fromEntries(error.errors.map(({ field, message }) => [field.replace(/^input\.dns_record_/, ''), message]))
      : {};
  const number = (name: NumberField, label: string) => (
    <NumberInput
      key={name}
      label={label}
      value={fields[name] ?? ''}
      onChange={(value) => set({ ...fields, [name]: typeof value === 'number' ? value : null })}
      error={problems[name]}
      description={name === 'ttl' ? FORM.ttlHelp : undefined}
      inputWrapperOrder={['label', 'input', 'error', 'description']}
      allowDecimal={false}
      allowNegative={false}
      hideControls
      disabled={disabled}
    />
  );
  return (
    <>
      <div className="rec">
        <Select
          label={FORM.type}
          data={isKnown && disabled ? [fields.type] : [...RECORD_TYPES]}
          value={fields.type}
          onChange={(type) => type && set({ ...fields, type })}
          allowDeselect={false}
          disabled={isKnown || disabled}
        />
        <TextInput
          label={FORM.name}
          description={FORM.nameHelp(zone)}
          inputWrapperOrder={['label', 'input', 'error', 'description']}
          value={fields.name}
          onChange={(event) => set({ ...fields, name: event.currentTarget.value })}
          error={problems.name}
          disabled={isKnown || disabled}
          autoComplete="off"
        />
      </div>
      <Textarea
        label={FORM.data}
        description={FORM.dataHelp[fields.type]}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        value={fields.data}
        onChange={(event) => set({ ...fields, data: event.currentTarget.value })}
        error={problems.data}
        disabled={disabled}
        autosize
        maxRows={5}
        spellCheck={false}
        classNames={{ input: 'mono' }}
        data-autofocus
      />
      <div className="rec-more">
        {number('ttl', FORM.ttl)}
        {(EXTRA[fields.type] ?? []).map((name) =>
          name === 'tag' ? (
            <Select
              key={name}
              label={FORM.tag}
              data={CAA_TAGS}
              value={fields.tag}
              onChange={(tag) => set({ ...fields, tag })}
              error={problems.tag}
              disabled={disabled}
            />
          ) : (
            number(name, FORM[name])
          ),
        )}
      </div>
    </>
  );
}

interface PlannedProps {
  readonly planned: Planned;
  /** The whole name of the record, which is typed before it is deleted. */
  readonly name: string;
  readonly again: (planned: Planned) => void;
  readonly back: () => void;
}

/** The plan with its button. A plan that has moved replaces the old one, and the button is pressed again. */
function PlannedRecord({ planned: { plan, body, key }, name, again, back }: PlannedProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [reason, setReason] = useState('');
  const [word, setWord] = useState('');
  const isRemoval = body.kind === 'delete_dns_record';
  const start = useMutation({
    mutationFn: () => startSaga({ ...body, reason: reason.trim() || undefined }, plan.plan_hash, key),
    onSuccess: async ({ data }) => {
      await client.invalidateQueries({ queryKey: ['sagas'] });
      await navigate({ to: '/sagas/$id', params: { id: data.id } });
    },
    onError: (error) => {
      const moved = error instanceof Problem && error.code === 'plan_changed' ? (error.body.plan as Plan | undefined) : undefined;
      if (moved) again({ plan: moved, body, key: crypto.randomUUID() });
    },
  });
  const isNothing = hasNothingToDo(plan);
  const isReady = !isRemoval || (word === name && reason.trim().length >= SHORTEST_REASON);
  const hasMoved = start.error instanceof Problem && start.error.code === 'plan_changed';
  return (
    <div className="form">
      <PlanCard plan={plan} />
      {isNothing && <Note tone="info">{FORM.nothing}</Note>}
      {start.error && <RefusedNote error={start.error} text={hasMoved ? FORM.moved : start.error.message} />}
      {!plan.refused && !isNothing && (
        <>
          {isRemoval && (
            <TextInput label={FORM.typed(name)} value={word} onChange={(event) => setWord(event.currentTarget.value)} autoComplete="off" />
          )}
          <TextInput
            label={FORM.reason}
            description={FORM.reasonHelp}
            inputWrapperOrder={['label', 'input', 'error', 'description']}
            required={isRemoval}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            maxLength={500}
          />
        </>
      )}
      <div className="go">
        <button type="button" className="btn" onClick={back} data-autofocus>
          {FORM.back}
        </button>
        {!plan.refused && !isNothing && (
          <button
            type="button"
            className={isRemoval ? 'btn bad' : 'btn pri'}
            disabled={!isReady || start.isPending}
            onClick={() => start.mutate()}
          >
            {isRemoval ? FORM.delete : FORM.set}
          </button>
        )}
      </div>
    </div>
  );
}
