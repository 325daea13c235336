import { TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, Problem } from '../../client/client';
import { Confirm, SHORTEST_REASON } from '../../parts/confirm';
import { LeaveGuard, useTyped } from '../../parts/dialog';
import { useFilters } from '../../parts/filters';
import { IconChevronRight } from '../../parts/icons';
import { Card, PageHead, Screen } from '../../parts/page';
import { PlanCard, type Plan } from '../../parts/plan-card';
import { planStart, startSaga, sagaKindName, type StartBody } from '../../parts/sagas';
import { Note, RefusedNote } from '../../parts/states';
import { useSession } from '../../shell/session';
import { fieldsOf, INPUTS, inputOf, problemsOf, type Values } from './input-schema';
import { fieldName, OrderField } from './order-field';
import './order.css';
import { PlannedPrice, PriceNow } from './size-field';
import { DEEDS, TEXTS } from './texts';

/** What can be ordered here: tags are for operators, and the demo is not registered in production. */
function useKinds(): readonly string[] {
  const { isAdmin, isProduction } = useSession();
  return Object.keys(INPUTS).filter((kind) => (kind !== 'tag_resource' || isAdmin) && (kind !== 'demo' || !isProduction));
}

export function OrderScreen() {
  const { filters } = useFilters();
  const kinds = useKinds();
  const kind = filters.kind;
  const schema = kind === undefined ? undefined : INPUTS[kind];
  if (kind === undefined || !schema || !kinds.includes(kind)) return <KindChoice kinds={kinds} />;
  const { properties } = schema;
  const given = Object.fromEntries(Object.entries(filters).filter(([name]) => properties[name]));
  return <OrderForm key={`${kind}/${filters.resource_id}`} kind={kind} given={given} />;
}

function KindChoice({ kinds }: { readonly kinds: readonly string[] }) {
  return (
    <Screen>
      <PageHead title={TEXTS.title} sub={TEXTS.choose} />
      <div style={{ maxWidth: 560 }}>
        <Card label={TEXTS.choose}>
          <ul className="kinds">
            {kinds.map((kind) => (
              <li key={kind}>
                <Link to="/order" search={{ kind }}>
                  {sagaKindName(kind)}
                  <IconChevronRight size={16} stroke={1.75} aria-hidden />
                </Link>
              </li>
            ))}
          </ul>
        </Card>
      </div>
    </Screen>
  );
}

/** Orders without a size that cost something: their plan has the price. */
const PRICED_BY_PLAN = new Set(['create_volume', 'resize_volume', 'reserve_ip', 'snapshot_droplet']);
/** They belong to one firewall. */
const NO_RULES: Values = { inbound_rules: undefined, outbound_rules: undefined };

interface Planned {
  readonly plan: Plan;
  /** What was planned; the same is started. */
  readonly body: string;
  readonly key: string;
}

/** The name that a destroy must give. The person who confirms it types the same name. */
function useNameToConfirm(kind: string, { resource_id: id }: Values): { readonly name: string | undefined; readonly isLoading: boolean } {
  const chosen = typeof id === 'string' ? id : '';
  const takesName = INPUTS[kind]?.properties.expected_name !== undefined;
  const resource = useQuery({
    queryKey: ['resource', chosen],
    queryFn: () => answered(api.GET('/api/v1/inventory/{id}', { params: { path: { id: chosen } } })),
    enabled: takesName && chosen !== '',
  });
  return { name: takesName ? (resource.data?.data.name ?? undefined) : undefined, isLoading: resource.isLoading };
}

function OrderForm({ kind, given }: { readonly kind: string; readonly given: Values }) {
  const { isAdmin } = useSession();
  const navigate = useNavigate();
  const [values, setValues] = useState<Values>(given);
  const [reason, setReason] = useState('');
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});
  const [current, setCurrent] = useState<Planned | null>(null);
  const [moved, setMoved] = useState(false);
  const { isTyped, handlers } = useTyped();
  const { name, isLoading } = useNameToConfirm(kind, values);
  const body: StartBody = {
    kind,
    input: inputOf(kind, { ...values, ...(name && { expected_name: name }) }),
    reason: reason.trim() || undefined,
  };
  const fields = fieldsOf(kind, isAdmin);
  const required = INPUTS[kind]?.required ?? [];

  const ask = useMutation({
    mutationFn: planStart,
    onSuccess: ({ data }, asked) => {
      setMoved(false);
      setCurrent({ plan: data, body: JSON.stringify(asked.input), key: crypto.randomUUID() });
    },
    onError: (error) => {
      if (error instanceof Problem)
        setProblems(Object.fromEntries(error.errors.map(({ field, message }) => [field.replace(/^input\./, ''), message])));
    },
  });
  const start = useMutation({
    mutationFn: ({ extra, why }: Start) =>
      startSaga(
        { ...body, input: { ...body.input, ...extra }, reason: why ?? body.reason },
        current?.plan.plan_hash,
        current?.key ?? crypto.randomUUID(),
      ),
    onSuccess: ({ data }) => void navigate({ to: '/sagas/$id', params: { id: data.id }, ignoreBlocker: true }),
    onError: (error) => {
      if (!(error instanceof Problem) || error.code !== 'plan_changed') return;
      setMoved(true);
      const plan = error.body.plan as Plan | undefined;
      if (plan) setCurrent({ plan, body: JSON.stringify(body.input), key: crypto.randomUUID() });
      else ask.mutate(body);
    },
  });

  const submit = () => {
    start.reset();
    setMoved(false);
    const wrong = problemsOf(kind, body.input);
    setProblems(wrong);
    if (Object.keys(wrong).length === 0) ask.mutate(body);
  };
  const isOld = current !== null && current.body !== JSON.stringify(body.input);
  const failure = start.error ?? ask.error;
  const slug = typeof values.size_slug === 'string' ? values.size_slug : '';
  const isComplete = Object.keys(problemsOf(kind, body.input)).length === 0;
  const price = PRICED_BY_PLAN.has(kind) ? (
    <PlannedPrice body={body} isComplete={isComplete} />
  ) : (
    <PriceNow slug={slug} backups={values.backups === true} />
  );

  return (
    <Screen>
      <PageHead title={sagaKindName(kind)} crumbs={[{ text: TEXTS.title, to: '/order' }, { text: sagaKindName(kind) }]} />
      <div className="op">
        <form
          className="card"
          aria-label={sagaKindName(kind)}
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
          {...handlers}
        >
          {isTyped && <LeaveGuard />}
          {fields.map(([name, field]) => (
            <div key={name} className="f">
              <label htmlFor={`field-${name}`}>
                {fieldName(name, kind)}
                {!required.includes(name) && <span className="dim"> optional</span>}
              </label>
              <OrderField
                kind={kind}
                name={name}
                field={field}
                required={required.includes(name)}
                value={values[name]}
                set={(value) => setValues((now) => ({ ...now, ...(name === 'resource_id' && NO_RULES), [name]: value }))}
                problem={problems[name] && `${fieldName(name, kind)} ${problems[name]}`}
                values={values}
              />
            </div>
          ))}
          <div className="f">
            <label htmlFor="field-reason">{TEXTS.reason}</label>
            <TextInput
              id="field-reason"
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              description={TEXTS.reasonHelp}
              inputWrapperOrder={['input', 'error', 'description']}
              maxLength={500}
            />
          </div>
          <div className="pfoot">
            <button
              type="submit"
              className={current && !isOld ? 'btn' : 'btn pri'}
              aria-keyshortcuts="p"
              disabled={ask.isPending || isLoading}
            >
              {current ? TEXTS.again : TEXTS.plan}
            </button>
            {current && price}
          </div>
        </form>
        <div className="grid" style={{ alignContent: 'start' }}>
          {failure && <RefusedNote error={failure} text={moved ? TEXTS.moved : failure.message} />}
          {!current && (
            <Card label="Plan" pad>
              {price}
              <p className="mid">{TEXTS.before}</p>
            </Card>
          )}
          {current && (
            <div className={isOld ? 'old-plan' : ''}>
              <PlanCard plan={current.plan}>
                {isOld ? (
                  <span className="mid">{TEXTS.changed}</span>
                ) : (
                  <Go
                    key={current.key}
                    kind={kind}
                    name={name}
                    plan={current.plan}
                    hasReason={reason.trim().length >= SHORTEST_REASON}
                    busy={start.isPending}
                    go={(given) => start.mutateAsync(given)}
                  />
                )}
              </PlanCard>
            </div>
          )}
        </div>
      </div>
    </Screen>
  );
}

interface Start {
  /** Besides what was planned: the name that was typed. */
  readonly extra: Readonly<Record<string, unknown>>;
  /** The reason that was given when it was confirmed. */
  readonly why?: string | undefined;
}

interface GoProps {
  readonly kind: string;
  /** The name that must be typed before a destroy. */
  readonly name: string | undefined;
  readonly plan: Plan;
  /** The form has a reason already. */
  readonly hasReason: boolean;
  readonly busy: boolean;
  readonly go: (given: Start) => Promise<unknown>;
}

/** The button that says the deed and the price. What destroys, or replaces a disk, asks for the name and a reason first. */
function Go({ kind, name, plan, hasReason, busy, go }: GoProps) {
  const [asking, setAsking] = useState(false);
  if (plan.refused) return null;
  const deed = DEEDS[kind] ?? sagaKindName(kind);
  const delta = plan.cost.delta_monthly;
  const costs = delta !== null && Number(delta) > 0;
  const text = plan.approval.required && costs ? TEXTS.approval(delta) : costs ? TEXTS.goFor(deed, delta) : TEXTS.go(deed);
  const doomed = plan.destroys[0];
  const replaced = plan.warnings.find(({ code }) => code === 'disk_is_replaced');
  const isDangerous = kind === 'destroy_droplet' || doomed !== undefined || replaced !== undefined;
  const takesName = INPUTS[kind]?.properties.expected_name !== undefined;
  if (!isDangerous) {
    return (
      <button
        type="button"
        className="btn pri"
        style={{ flex: 1, height: 34 }}
        disabled={busy}
        onClick={() => void go({ extra: {} }).catch(() => undefined)}
      >
        {text}
      </button>
    );
  }
  const typed = name ?? doomed?.name ?? plan.changes[0]?.name ?? '';
  return (
    <>
      <button type="button" className="btn bad" style={{ flex: 1, height: 34 }} disabled={busy} onClick={() => setAsking(true)}>
        {text}…
      </button>
      {asking && (
        <Confirm
          title={TEXTS.danger.title(deed, typed)}
          button={text}
          danger
          {...(typed && { typed })}
          {...(!hasReason && { reason: 'required' })}
          confirm={(why) => go({ extra: takesName && typed ? { expected_name: typed } : {}, why })}
          close={() => setAsking(false)}
        >
          <Note tone="bad">{doomed || !replaced ? TEXTS.danger.text : replaced.detail}</Note>
        </Confirm>
      )}
    </>
  );
}
