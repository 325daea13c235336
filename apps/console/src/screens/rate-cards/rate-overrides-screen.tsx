import { Select, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { filledIn, useFields } from '../../parts/fields';
import { FilterChips, useFilters } from '../../parts/filters';
import { monthText } from '../../parts/format';
import { IconPlus, IconTrash } from '../../parts/icons';
import '../../parts/money.css';
import { Card, PageHead, Screen } from '../../parts/page';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { SubNav } from '../../parts/sub-nav';
import { useTenantOptions } from '../../shell/counts';
import { thisMonth } from './card-data';
import { ModelFields, SelectorFields } from './model-fields';
import { bodyOf, modelText, newRate, problemsOf, selectorText } from './rate-model';
import { RATE_PLACES } from './rate-places';
import './rate-cards.css';
import { TEXTS } from './texts';

type Override = Schemas['RateOverrideResponse'];

const { override: WORDS } = TEXTS;
const MOST = 200;

/** Prices of one tenant or one resource, which count before every card. */
export function RateOverridesScreen() {
  const { filters } = useFilters();
  const tenants = useTenantOptions();
  const overrides = useQuery({
    queryKey: ['rate-overrides', filters],
    queryFn: () => answered(api.GET('/api/v1/rate-overrides', { params: { query: { ...filters, limit: MOST } as never } })),
  });
  const [removing, setRemoving] = useState<Override | null>(null);
  const [isAdding, setAdding] = useState(false);
  const rows = overrides.data?.data ?? [];
  return (
    <Screen>
      <PageHead
        title={WORDS.title}
        sub={WORDS.sub}
        beside={<SubNav label={TEXTS.title} places={RATE_PLACES} />}
        actions={
          <button type="button" className="btn pri" onClick={() => setAdding(true)}>
            <IconPlus size={16} stroke={1.75} aria-hidden />
            {WORDS.button}
          </button>
        }
      />
      <FilterChips specs={[{ name: 'tenant_id', label: WORDS.tenant.toLowerCase(), options: tenants }]} />
      <Card label={WORDS.title}>
        {overrides.error && <ErrorState error={overrides.error} retry={() => void overrides.refetch()} />}
        {overrides.isPending && <Skeleton />}
        {overrides.data && rows.length === 0 && <EmptyState {...WORDS.empty} />}
        {rows.length > 0 && <OverridesTable rows={rows} remove={setRemoving} />}
      </Card>
      {isAdding && <AddDialog close={() => setAdding(false)} />}
      {removing && <RemoveDialog override={removing} close={() => setRemoving(null)} />}
    </Screen>
  );
}

const whoText = ({ tenant_id: tenant, resource_id: resource }: Override): string =>
  tenant ?? `${WORDS.resource.toLowerCase()} …${resource?.slice(-6) ?? ''}`;

function OverridesTable({ rows, remove }: { readonly rows: readonly Override[]; readonly remove: (row: Override) => void }) {
  const { heads } = WORDS;
  return (
    <table className="mt" aria-label={WORDS.title}>
      <thead>
        <tr>
          <th scope="col" className="wide-col">
            {heads.who}
          </th>
          <th scope="col" className="hide-m">
            {heads.applies}
          </th>
          <th scope="col">{heads.price}</th>
          <th scope="col" className="wide-col hide-m">
            {heads.from}
          </th>
          <th scope="col" className="hide-m">
            {heads.reason}
          </th>
          <th scope="col" style={{ width: 60 }}>
            <span className="vh">{WORDS.remove}</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id}>
            <td className="b">
              {row.tenant_id ? (
                <Link to="/tenants/$id" params={{ id: row.tenant_id }}>
                  {row.tenant_id}
                </Link>
              ) : (
                <Link to="/resources/$id" params={{ id: row.resource_id ?? '' }}>
                  {whoText(row)}
                </Link>
              )}
            </td>
            <td className="wrap hide-m">{selectorText(row.selector)}</td>
            <td className="wrap">{modelText(row.model)}</td>
            <td className="wrap hide-m mid">
              {monthText(row.valid_from)}
              {row.valid_to && ` ${heads.to.toLowerCase()} ${monthText(row.valid_to)}`}
            </td>
            <td className="wrap hide-m mid">
              “{row.reason}” <span className="dim">{row.created_by}</span>
            </td>
            <td>
              <button type="button" className="iconbtn" aria-label={`${WORDS.remove} ${whoText(row)}`} onClick={() => remove(row)}>
                <IconTrash size={16} stroke={1.75} aria-hidden />
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function AddDialog({ close }: { readonly close: () => void }) {
  const client = useQueryClient();
  const tenants = useTenantOptions();
  const [rate, setRate] = useState(newRate());
  const { fields, values, set } = useFields({ tenant_id: '', resource_id: '', valid_from: thisMonth(), valid_to: '' });
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
    <Confirm title={WORDS.dialog} button={WORDS.button} reason="required" wide ready={isReady} confirm={save} close={close}>
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
          <TextInput label={WORDS.resource} {...fields.resource_id} />
          <TextInput label={WORDS.heads.from} type="month" {...fields.valid_from} />
          <TextInput label={WORDS.until} type="month" {...fields.valid_to} />
        </div>
        <ModelFields {...props} />
        <SelectorFields {...props} />
      </div>
    </Confirm>
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
