import { Select, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import type { Column } from '../../parts/data-table';
import { Dialog } from '../../parts/dialog';
import { filledIn, useFields } from '../../parts/fields';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { dateText, exactTime, fieldName, localTime } from '../../parts/format';
import { IconPlus } from '../../parts/icons';
import { kindName, kindsHead } from '../../parts/kinds';
import { ListCard, PAGE, useList } from '../../parts/list';
import { Facts, PageHead, Screen, SubNav } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { Age } from '../../parts/time';
import { useSummary, useTenantOptions } from '../../shell/counts';
import { renew } from '../../shell/live';
import { TEXTS } from './texts';

type Rule = Schemas['DriftRuleResponse'];

const { rules: WORDS } = TEXTS;
const { form: FORM } = WORDS;
const MONTH_MS = 30 * 86_400_000;
/** The fields that a desired state can have, of any kind. */
const DROPLET_FIELDS = 'name region size_slug image tags backups power';
const OTHER_FIELDS = 'size_gigabytes filesystem_type droplet_ids inbound_rules outbound_rules algorithm forwarding_rules';
const FIELDS = `${DROPLET_FIELDS} ${OTHER_FIELDS}`.split(' ');

/** The links between the drifts and the rules that ignore some. */
export function DriftPlaces() {
  return (
    <SubNav
      label={WORDS.places}
      places={[
        { to: '/drift', text: TEXTS.title },
        { to: '/drift-rules', text: WORDS.title },
      ]}
    />
  );
}

/** What a rule ignores, as a sentence: "Tags of droplets of acme". */
function ruleText({ field, kind, resource_name: name, resource_id: id, tenant_id: tenant }: Rule): string {
  const of = id === null ? (kind === null ? WORDS.anything : kindsHead(kind).toLowerCase()) : (name ?? WORDS.one(id.slice(-6)));
  return [field === null ? WORDS.anyField : fieldName(field), WORDS.of(of), tenant && WORDS.of(tenant)].filter(Boolean).join(' ');
}

function Until({ rule: { expires_at: at, expired } }: { readonly rule: Rule }) {
  if (at === null) return <span className="mid">{WORDS.always}</span>;
  return (
    <span className={expired ? 'dim' : undefined} title={exactTime(at)}>
      {expired ? WORDS.ended(dateText(at)) : dateText(at)}
    </span>
  );
}

const COLUMNS: readonly Column<Rule>[] = [
  {
    id: 'what',
    head: WORDS.heads.what,
    cell: (rule) => (
      <span className={rule.expired ? 'nm dim' : 'nm'}>
        <span className="trunc" title={ruleText(rule)}>
          {ruleText(rule)}
        </span>
      </span>
    ),
  },
  { id: 'until', head: WORDS.heads.until, width: 150, cell: (rule) => <Until rule={rule} /> },
  { id: 'reason', head: WORDS.heads.reason, width: 300, wide: true, cell: ({ reason }) => <span className="mid">{reason}</span> },
  { id: 'by', head: WORDS.heads.by, width: 130, cell: ({ created_by: by }) => <span className="dim">{by}</span> },
  { id: 'since', head: WORDS.heads.since, width: 90, numeric: true, cell: ({ created_at: at }) => <Age at={at} /> },
];

const VIEWS = [
  { text: WORDS.views.current, expired: undefined },
  { text: WORDS.views.ended, expired: 'true' },
] as const;

/** The rules that ignore drifts, with their ends. An operator makes, changes and ends them. */
export function DriftRulesScreen() {
  const { filters, change } = useFilters();
  const tenants = useTenantOptions();
  const kinds = useSummary().data?.data.by_kind ?? [];
  const [open, setOpen] = useState<Rule | 'new' | null>(null);
  const asked = { expired: 'false', ...filters };
  const list = useList<Rule, Schemas['DriftRuleResponseList']>(['drift', 'rules', asked], (cursor, signal) =>
    answered(api.GET('/api/v1/drift-rules', { params: { query: { ...asked, limit: PAGE, cursor } as never }, signal })),
  );
  const specs: readonly FilterSpec[] = [
    { name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants },
    { name: 'kind', label: TEXTS.filters.kind, options: kinds.map(({ kind }) => ({ value: kind, label: kindName(kind) })) },
    { name: 'field', label: TEXTS.filters.field, options: FIELDS.map((value) => ({ value, label: fieldName(value) })) },
    { name: 'created_by', label: WORDS.heads.by },
  ];
  return (
    <Screen fixed>
      <PageHead
        title={WORDS.title}
        sub={WORDS.sub}
        places={<DriftPlaces />}
        beside={
          <div className="seg" role="group" aria-label="Views">
            {VIEWS.map(({ text, expired }) => (
              <button key={text} type="button" aria-pressed={filters.expired === expired} onClick={() => change({ expired })}>
                {text}
              </button>
            ))}
          </div>
        }
        actions={
          <button type="button" className="btn pri" onClick={() => setOpen('new')}>
            <IconPlus size={16} stroke={1.75} aria-hidden />
            {WORDS.add}
          </button>
        }
      />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={WORDS.title}
        columns={COLUMNS}
        rowId={({ id }) => id}
        onOpen={setOpen}
        item={(rule) => (
          <div className="item">
            <span />
            <b className="trunc" style={{ fontWeight: 550 }}>
              {ruleText(rule)}
            </b>
            <span className="sm">
              <Until rule={rule} />
            </span>
            <span className="l2 dim">
              <span className="trunc">{[rule.created_by, rule.reason].join(' · ')}</span>
            </span>
          </div>
        )}
        empty={<EmptyState {...WORDS.empty} />}
      />
      {open === 'new' && <NewRule close={() => setOpen(null)} />}
      {open !== null && open !== 'new' && <RuleDialog rule={open} close={() => setOpen(null)} />}
    </Screen>
  );
}

/** The end as the API has it. An empty field has none. */
const endOf = (text: string): string | null => (text === '' ? null : new Date(text).toISOString());
const wrongEnd = (text: string): string | undefined => (text !== '' && new Date(text).getTime() <= Date.now() ? FORM.past : undefined);

/** Makes a rule for all that match. What the API refuses stands beside its field. */
function NewRule({ close }: { readonly close: () => void }) {
  const client = useQueryClient();
  const tenants = useTenantOptions();
  const kinds = useSummary().data?.data.by_kind ?? [];
  const [refused, setRefused] = useState<Error | null>(null);
  const { fields, values, set } = useFields({ tenant_id: '', kind: '', field: '', expires_at: localTime(Date.now() + MONTH_MS) }, refused);
  const { expires_at: end, ...which } = values;
  const filled = filledIn(which);
  const create = async (reason: string | undefined) => {
    const expires_at = endOf(end);
    const body = { ...filled, ...(expires_at && { expires_at }), reason: reason ?? '' };
    try {
      await answered(api.POST('/api/v1/drift-rules', { body }));
    } catch (error) {
      setRefused(error instanceof Error ? error : null);
      throw error;
    }
    await renew(client, 'drift');
  };
  const choice = (name: keyof typeof which, label: string, data: { value: string; label: string }[]) => (
    <Select
      label={label}
      data={data}
      value={values[name] || null}
      error={fields[name].error}
      onChange={(next) => set(name, next ?? '')}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': label }}
      data-autofocus={name === 'tenant_id' || undefined}
    />
  );
  return (
    <Confirm
      title={FORM.title}
      button={FORM.create}
      reason="required"
      ready={Object.keys(filled).length > 0 && !wrongEnd(end)}
      confirm={create}
      close={close}
    >
      <div className="form">
        <p className="mid">{FORM.text}</p>
        {choice('tenant_id', FORM.tenant, [...tenants])}
        {choice(
          'kind',
          FORM.kind,
          kinds.map(({ kind }) => ({ value: kind, label: kindName(kind) })),
        )}
        {choice(
          'field',
          FORM.field,
          FIELDS.map((value) => ({ value, label: fieldName(value) })),
        )}
        <EndField value={end} error={fields.expires_at.error} set={(next) => set('expires_at', next)} />
      </div>
    </Confirm>
  );
}

interface EndFieldProps {
  readonly value: string;
  readonly error: string | undefined;
  readonly set: (value: string) => void;
}

function EndField({ value, error, set }: EndFieldProps) {
  return (
    <TextInput
      type="datetime-local"
      label={FORM.until}
      description={FORM.untilHelp}
      inputWrapperOrder={['label', 'input', 'description', 'error']}
      value={value}
      error={wrongEnd(value) ?? error}
      onChange={(event) => set(event.currentTarget.value)}
    />
  );
}

/** One rule: what it ignores and why, another end, and the end of it now. */
function RuleDialog({ rule, close }: { readonly rule: Rule; readonly close: () => void }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<'end' | 'change' | null>(null);
  const [end, setEnd] = useState(rule.expires_at ? localTime(rule.expires_at) : '');
  const change = async (expires_at: string | null, reason: string | undefined) => {
    const body = { expires_at, ...(reason && { reason }) };
    await answered(api.PATCH('/api/v1/drift-rules/{id}', { params: { path: { id: rule.id } }, body }));
    await renew(client, 'drift');
    close();
  };
  const facts = (
    <Facts
      rows={[
        [WORDS.heads.what, ruleText(rule)],
        [WORDS.heads.reason, rule.reason],
        [WORDS.heads.until, <Until key="until" rule={rule} />],
        [WORDS.heads.by, rule.created_by],
        [WORDS.heads.since, exactTime(rule.created_at)],
      ]}
    />
  );
  const back = () => setAsking(null);
  if (asking === 'end') {
    return (
      <Confirm title={WORDS.end.title} button={WORDS.end.button} confirm={() => change(new Date().toISOString(), undefined)} close={back}>
        <p className="mid" style={{ marginBottom: 10 }}>
          {WORDS.end.text}
        </p>
        {facts}
      </Confirm>
    );
  }
  if (asking === 'change') {
    return (
      <Confirm
        title={WORDS.change.title}
        button={WORDS.change.button}
        reason="optional"
        ready={!wrongEnd(end)}
        confirm={(reason) => change(endOf(end), reason)}
        close={back}
      >
        <p className="mid" style={{ marginBottom: 10 }}>
          {WORDS.change.text}
        </p>
        <EndField value={end} error={undefined} set={setEnd} />
      </Confirm>
    );
  }
  return (
    <Dialog title={WORDS.rule} close={close}>
      {facts}
      <div className="go" style={{ marginTop: 16 }}>
        {!rule.expired && (
          <button type="button" className="btn" onClick={() => setAsking('end')} data-autofocus>
            {WORDS.end.ask}
          </button>
        )}
        <button type="button" className="btn" onClick={() => setAsking('change')}>
          {WORDS.change.ask}
        </button>
      </div>
    </Dialog>
  );
}
