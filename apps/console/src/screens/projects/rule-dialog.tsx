import { Select, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { filledIn, useFields } from '../../parts/fields';
import { count, wholeError, wholeNumber } from '../../parts/format';
import { IconTrash } from '../../parts/icons';
import { kindName } from '../../parts/kinds';
import '../../parts/money.css';
import { Facts } from '../../parts/page';
import { PlainTable } from '../../parts/plain-table';
import { Note, RefusedNote, Skeleton } from '../../parts/states';
import { useSummary, useTenantOptions } from '../../shell/counts';
import { renew } from '../../shell/live';
import { useProjectNames, whenText, type Rule } from './ownership-places';
import { TEXTS } from './texts';

type Effect = Schemas['RuleEffectResponse'];
type Change = Schemas['AttributionRuleChangeBody'];

const { rules: WORDS } = TEXTS;
const { form: FORM, effect: EFFECT } = WORDS;
const CONDITIONS = ['kind', 'name_glob', 'tag', 'project_id', 'region'] as const;
const dayOf = (at: string | null | undefined): string => at?.slice(0, 10) ?? '';
const startOf = (day: string): string => `${day}T00:00:00Z`;
/** The moment after the last day of a rule. */
const endOf = (day: string): string => new Date(Date.parse(startOf(day)) + 86_400_000).toISOString();
const lastDayOf = (at: string | null | undefined): string => (at ? dayOf(new Date(Date.parse(at) - 1).toISOString()) : '');

/** Makes or changes a rule. It can be saved only while what it would move, as it stands in the form, is on the page. */
export function RuleDialog({ rule, close }: { readonly rule: Rule | null; readonly close: () => void }) {
  const [isRemoving, setRemoving] = useState(false);
  if (rule && isRemoving) return <RemoveDialog rule={rule} close={close} />;
  return <EditDialog rule={rule} remove={() => setRemoving(true)} close={close} />;
}

interface EditProps {
  readonly rule: Rule | null;
  readonly remove: () => void;
  readonly close: () => void;
}

function EditDialog({ rule, remove, close }: EditProps) {
  const client = useQueryClient();
  const tenants = useTenantOptions();
  const projects = useProjectNames();
  const summary = useSummary().data?.data;
  const [asked, setAsked] = useState<string | null>(null);
  const { fields, values, set } = useFields({
    tenant_id: rule?.tenant_id ?? '',
    kind: rule?.when.kind ?? '',
    name_glob: rule?.when.name_glob ?? '',
    tag: rule?.when.tag ?? '',
    project_id: rule?.when.project_id ?? '',
    region: rule?.when.region ?? '',
    position: rule ? String(rule.position) : '',
    valid_from: rule ? dayOf(rule.valid_from) : '',
    valid_to: lastDayOf(rule?.valid_to),
  });
  const when = filledIn(Object.fromEntries(CONDITIONS.map((name) => [name, values[name]])));
  const body: Change = {
    tenant_id: values.tenant_id,
    when,
    ...(values.position.trim() !== '' && { position: wholeNumber(values.position) ?? undefined }),
    ...(values.valid_from !== '' && values.valid_from !== dayOf(rule?.valid_from) && { valid_from: startOf(values.valid_from) }),
    ...(values.valid_to !== lastDayOf(rule?.valid_to) && { valid_to: values.valid_to === '' ? null : endOf(values.valid_to) }),
  };
  const text = JSON.stringify(body);
  const send = (dryRun: 'true' | undefined, reason: string | undefined) => {
    const query = dryRun && { dry_run: dryRun };
    return rule
      ? answered(
          api.PATCH('/api/v1/attribution-rules/{id}', {
            params: { path: { id: rule.id }, query: query as never },
            body: { ...body, ...(reason && { reason }) },
          }),
        )
      : answered(
          api.POST('/api/v1/attribution-rules', {
            params: { query: query as never },
            body: { ...body, reason: reason ?? FORM.preview } as Schemas['AttributionRuleBody'],
          }),
        );
  };
  const preview = useQuery({
    queryKey: ['rule-effect', rule?.id, asked],
    queryFn: () => send('true', undefined),
    enabled: asked === text,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  });
  const save = async (reason: string | undefined) => {
    await send(undefined, reason);
    await renew(client, 'resource', 'tenant');
  };
  const wrongPosition = wholeError(values.position);
  const isComplete = values.tenant_id !== '' && Object.keys(when).length > 0 && !wrongPosition;
  const isPlanned = asked === text && preview.isSuccess;
  const choice = (name: 'tenant_id' | 'kind' | 'project_id' | 'region', label: string, data: { value: string; label: string }[]) => (
    <Select
      label={label}
      data={data}
      value={values[name] || null}
      onChange={(next) => set(name, next ?? '')}
      searchable
      clearable={name !== 'tenant_id'}
      required={name === 'tenant_id'}
      clearButtonProps={{ 'aria-label': label }}
      data-autofocus={name === 'tenant_id' && !rule}
    />
  );
  const regions = (summary?.by_region ?? []).flatMap(({ region }) => (region ? [region] : []));
  return (
    <Confirm
      title={rule ? FORM.edit(rule.position) : FORM.create}
      button={rule ? FORM.save : FORM.createIt}
      reason={rule ? 'optional' : 'required'}
      wide
      ready={isComplete && isPlanned}
      confirm={save}
      close={close}
    >
      <div className="money-form">
        {choice('tenant_id', FORM.tenant, [...tenants])}
        {choice(
          'kind',
          FORM.kind,
          (summary?.by_kind ?? []).map(({ kind }) => ({ value: kind, label: kindName(kind) })),
        )}
        <TextInput label={FORM.name} description={FORM.nameHelp} placeholder="acme-*" {...fields.name_glob} />
        <TextInput label={FORM.tag} description={FORM.tagHelp} placeholder="tenant:*" {...fields.tag} />
        {choice(
          'project_id',
          FORM.project,
          [...projects].map(([value, label]) => ({ value, label })),
        )}
        {choice(
          'region',
          FORM.region,
          regions.map((value) => ({ value, label: value })),
        )}
        <TextInput
          label={FORM.position}
          description={rule ? undefined : FORM.positionHelp}
          inputMode="numeric"
          {...fields.position}
          error={wrongPosition}
        />
        <TextInput label={FORM.from} description={rule ? undefined : FORM.fromHelp} type="date" {...fields.valid_from} />
        <TextInput label={FORM.to} description={FORM.toHelp} type="date" {...fields.valid_to} />
      </div>
      <div className="go" style={{ justifyContent: 'flex-start', margin: '12px 0' }}>
        <button type="button" className="btn" disabled={!isComplete} onClick={() => setAsked(text)}>
          {FORM.preview}
        </button>
        {rule && (
          <button type="button" className="btn quiet" onClick={remove}>
            <IconTrash size={16} stroke={1.75} aria-hidden />
            {FORM.remove}
          </button>
        )}
      </div>
      <EffectPart query={preview} isCurrent={asked === text} wasAsked={asked !== null} />
    </Confirm>
  );
}

function RemoveDialog({ rule, close }: { readonly rule: Rule; readonly close: () => void }) {
  const client = useQueryClient();
  const projects = useProjectNames();
  const send = (dryRun?: 'true') =>
    answered(
      api.DELETE('/api/v1/attribution-rules/{id}', {
        params: { path: { id: rule.id }, query: (dryRun ? { dry_run: dryRun } : {}) as never },
      }),
    );
  const preview = useQuery({ queryKey: ['rule-effect', rule.id, 'delete'], queryFn: () => send('true'), gcTime: 0, retry: false });
  const remove = async () => {
    await send();
    await renew(client, 'resource', 'tenant');
  };
  return (
    <Confirm
      title={FORM.removeTitle(rule.position)}
      button={FORM.removeIt}
      danger
      wide
      ready={preview.isSuccess}
      confirm={remove}
      close={close}
    >
      <p>
        <b>{whenText(rule.when, projects)}</b> → {rule.tenant_id}
      </p>
      <p className="mid" style={{ marginBottom: 10 }}>
        {FORM.removeText}
      </p>
      <EffectPart query={preview} isCurrent wasAsked isRemoved />
    </Confirm>
  );
}

interface EffectPartProps {
  readonly query: { readonly data?: { readonly data: unknown } | undefined; readonly error: Error | null; readonly isFetching: boolean };
  readonly isCurrent: boolean;
  readonly wasAsked: boolean;
  readonly isRemoved?: boolean;
}

/** What a change of the rules would move, before it is confirmed. */
function EffectPart({ query: { data, error, isFetching }, isCurrent, wasAsked, isRemoved = false }: EffectPartProps) {
  if (!wasAsked) return null;
  if (!isCurrent) return <Note tone="info">{FORM.again}</Note>;
  if (error) {
    return <RefusedNote error={error} withFields />;
  }
  if (!data || isFetching) return <Skeleton lines={3} />;
  const effect = data.data as Effect;
  const all = effect.moves + effect.needs_confirmation;
  if (all === 0) return <Note tone="info">{isRemoved ? EFFECT.nothingRemoved : EFFECT.nothing}</Note>;
  const way = ({ from_tenant_id: from, to_tenant_id: to }: Effect['groups'][number] | Effect['first'][number]) =>
    `${from ?? EFFECT.noOwner} → ${to ?? EFFECT.noOwner}`;
  const moment = ({ needs_confirmation: waits }: { readonly needs_confirmation: boolean }) => (waits ? EFFECT.waits : EFFECT.atOnce);
  return (
    <section aria-label={EFFECT.title} className="grid" style={{ gap: 10 }}>
      <Facts
        right
        rows={[
          [EFFECT.atOnce, <b key="moves">{count(effect.moves)}</b>],
          [EFFECT.waits, count(effect.needs_confirmation)],
        ]}
      />
      <PlainTable
        label={EFFECT.by}
        columns={[
          { id: 'way', head: EFFECT.by, wraps: true, cell: way },
          { id: 'when', head: EFFECT.when, look: 'mid', wraps: true, cell: moment },
          { id: 'n', head: WORDS.heads.resources, numeric: true, width: 104, cell: ({ resources }) => count(resources) },
        ]}
        rows={effect.groups}
        rowId={(group) => `${way(group)} ${group.needs_confirmation}`}
      />
      <details>
        <summary className="dim sm">{EFFECT.first(effect.first.length, all)}</summary>
        <ul className="sm" style={{ columns: 2, marginTop: 6 }}>
          {effect.first.map((move) => (
            <li key={move.resource_id} className="trunc">
              {move.name ?? kindName(move.kind)} <span className="dim">{way(move)}</span>
            </li>
          ))}
        </ul>
      </details>
    </section>
  );
}
