import { Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { filledIn, useFields } from '../../parts/fields';
import { EmptyList, FilterChips, useFilters } from '../../parts/filters';
import { monthText } from '../../parts/format';
import { IconPlus, IconTrash } from '../../parts/icons';
import { kindName } from '../../parts/kinds';
import { everyPage } from '../../parts/list';
import '../../parts/money.css';
import { Card, PageHead, Screen, SubNav } from '../../parts/page';
import { PlainTable, type PlainColumn } from '../../parts/plain-table';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { useTenantOptions } from '../../shell/counts';
import { thisMonth } from './card-data';
import { ModelFields, SelectorFields } from './model-fields';
import { bodyOf, modelText, newRate, problemsOf, selectorText } from './rate-model';
import './rate-cards.css';
import { RATE_PLACES, TEXTS } from './texts';

type Override = Schemas['RateOverrideResponse'];

const { override: WORDS } = TEXTS;

/** Prices of one tenant or one resource, which count before every card. */
export function RateOverridesScreen() {
  const { filters } = useFilters();
  const tenants = useTenantOptions();
  const overrides = useQuery({
    queryKey: ['rate-overrides', filters],
    queryFn: () =>
      everyPage((page) => answered(api.GET('/api/v1/rate-overrides', { params: { query: { ...filters, ...page } as never } }))),
  });
  const [removing, setRemoving] = useState<Override | null>(null);
  const [isAdding, setAdding] = useState(false);
  const rows = overrides.data?.data ?? [];
  const specs = [{ name: 'tenant_id', label: WORDS.tenant.toLowerCase(), options: tenants }];
  return (
    <Screen>
      <PageHead
        title={WORDS.title}
        sub={WORDS.sub}
        places={<SubNav label={TEXTS.title} places={RATE_PLACES} />}
        actions={
          <button type="button" className="btn pri" onClick={() => setAdding(true)}>
            <IconPlus size={16} stroke={1.75} aria-hidden />
            {WORDS.button}
          </button>
        }
      />
      <FilterChips specs={specs} />
      <Card label={WORDS.title}>
        {overrides.error && <ErrorState error={overrides.error} retry={() => void overrides.refetch()} />}
        {overrides.isPending && <Skeleton />}
        {overrides.data && rows.length === 0 && (
          <EmptyList specs={specs}>
            <EmptyState {...WORDS.empty} />
          </EmptyList>
        )}
        {rows.length > 0 && <OverridesTable rows={rows} remove={setRemoving} />}
      </Card>
      {isAdding && <AddDialog close={() => setAdding(false)} />}
      {removing && <RemoveDialog override={removing} close={() => setRemoving(null)} />}
    </Screen>
  );
}

const whoText = ({ tenant_id: tenant, resource_name: name }: Override): string => tenant ?? name ?? WORDS.unnamed;

function OverridesTable({ rows, remove }: { readonly rows: readonly Override[]; readonly remove: (row: Override) => void }) {
  const { heads } = WORDS;
  const columns: readonly PlainColumn<Override>[] = [
    {
      id: 'who',
      head: heads.who,
      width: 'wide-col',
      look: 'b',
      cell: (row) =>
        row.tenant_id ? (
          <Link to="/tenants/$id" params={{ id: row.tenant_id }}>
            {row.tenant_id}
          </Link>
        ) : (
          <Link to="/resources/$id" params={{ id: row.resource_id ?? '' }}>
            {whoText(row)}
          </Link>
        ),
    },
    { id: 'applies', head: heads.applies, wide: true, wraps: true, cell: ({ selector }) => selectorText(selector) },
    { id: 'price', head: heads.price, wraps: true, cell: ({ model }) => modelText(model) },
    {
      id: 'from',
      head: heads.from,
      width: 'wide-col',
      wide: true,
      wraps: true,
      look: 'mid',
      cell: ({ valid_from: from, valid_to: to }) => `${monthText(from)}${to ? ` ${heads.to.toLowerCase()} ${monthText(to)}` : ''}`,
    },
    {
      id: 'reason',
      head: heads.reason,
      wide: true,
      wraps: true,
      look: 'mid',
      cell: ({ reason, created_by: by }) => (
        <>
          “{reason}” <span className="dim">{by}</span>
        </>
      ),
    },
    {
      id: 'remove',
      head: WORDS.remove,
      isHeadHidden: true,
      width: 60,
      cell: (row) => (
        <button type="button" className="iconbtn" aria-label={`${WORDS.remove} ${whoText(row)}`} onClick={() => remove(row)}>
          <IconTrash size={16} stroke={1.75} aria-hidden />
        </button>
      ),
    },
  ];
  return <PlainTable label={WORDS.title} columns={columns} rows={rows} rowId={({ id }) => id} />;
}

function AddDialog({ close }: { readonly close: () => void }) {
  const client = useQueryClient();
  const tenants = useTenantOptions();
  const [rate, setRate] = useState(newRate());
  const { fields, values, set, refuse } = useFields({ tenant_id: '', resource_id: '', valid_from: thisMonth(), valid_to: '' });
  const wrong = new Map(problemsOf(rate, 'rate'));
  const props = { rate, change: setRate, errorAt: (path: string) => wrong.get(`rate.${path}`) };
  const save = async (reason: string | undefined) => {
    const { valid_from, ...rest } = values;
    // Selectors and models are free objects of the document, which the client takes for objects without fields.
    const body = { ...bodyOf(rate), ...filledIn(rest), valid_from, reason: reason ?? '' } as never;
    await answered(api.POST('/api/v1/rate-overrides', { body }));
    await client.invalidateQueries({ queryKey: ['rate-overrides'] });
  };
  const isReady = (values.tenant_id === '') !== (values.resource_id.trim() === '') && values.valid_from !== '' && wrong.size === 0;
  return (
    <Confirm title={WORDS.dialog} button={WORDS.button} reason="required" wide ready={isReady} confirm={save} refuse={refuse} close={close}>
      <div className="grid">
        <div className="money-form">
          <Select
            label={WORDS.tenant}
            data={[...tenants]}
            value={values.tenant_id || null}
            onChange={(next) => set('tenant_id', next ?? '')}
            searchable
            clearable
            data-autofocus
          />
          <ResourceField value={values.resource_id} choose={(id) => set('resource_id', id)} />
          <TextInput label={WORDS.heads.from} type="month" {...fields.valid_from} />
          <TextInput label={WORDS.until} type="month" {...fields.valid_to} />
        </div>
        <ModelFields {...props} />
        <SelectorFields {...props} />
      </div>
    </Confirm>
  );
}

/** Finds a resource by its name. */
function ResourceField({ value, choose }: { readonly value: string; readonly choose: (id: string) => void }) {
  const [text, setText] = useState('');
  const [q] = useDebouncedValue(text, 200);
  const [chosen, setChosen] = useState<{ readonly value: string; readonly label: string } | null>(null);
  const found = useQuery({
    queryKey: ['inventory', 'choice', q],
    queryFn: () => answered(api.GET('/api/v1/inventory', { params: { query: { ...(q && { q }), sort: 'name', limit: 30 } } })),
    placeholderData: keepPreviousData,
  });
  const listed = (found.data?.data ?? []).map(({ id, name, kind, tenant_id: tenant }) => ({
    value: id,
    label: [name ?? kindName(kind), kindName(kind), tenant].filter(Boolean).join(' · '),
  }));
  const data = [...(chosen ? [chosen] : []), ...listed.filter(({ value: id }) => id !== chosen?.value)];
  return (
    <Select
      label={WORDS.resource}
      description={WORDS.resourceHelp}
      nothingFoundMessage={WORDS.noResource}
      data={data}
      value={value || null}
      onChange={(next) => {
        setChosen(data.find(({ value: id }) => id === next) ?? null);
        choose(next ?? '');
      }}
      onSearchChange={(search) => setText(data.some(({ label }) => label === search) ? '' : search)}
      filter={({ options }) => options}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': WORDS.resource }}
    />
  );
}

function RemoveDialog({ override, close }: { readonly override: Override; readonly close: () => void }) {
  const client = useQueryClient();
  const remove = async () => {
    await answered(api.DELETE('/api/v1/rate-overrides/{id}', { params: { path: { id: override.id } } }));
    await client.invalidateQueries({ queryKey: ['rate-overrides'] });
  };
  return (
    <Confirm title={WORDS.removeTitle} button={WORDS.remove} confirm={remove} close={close}>
      <p>
        <b>{modelText(override.model)}</b>: {selectorText(override.selector).toLowerCase()}.
      </p>
      <p className="mid">{WORDS.removeText(whoText(override))}</p>
    </Confirm>
  );
}
