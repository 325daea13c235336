import { Select, Textarea, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { monthText, wholeNumber } from '../../parts/format';
import { Card } from '../../parts/page';
import { PlainTable } from '../../parts/plain-table';
import { ErrorState, Note, Skeleton } from '../../parts/states';
import { thisMonth } from '../rate-cards/card-data';
import { TEXTS } from './texts';

type Pool = Schemas['PoolResponse'];

const { pools: WORDS } = TEXTS;
const nameOf = (pool: string): string => WORDS.names[pool] ?? pool;
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/** Amounts that belong to no single tenant, and who pays them in this month. */
export function PoolsCard() {
  const period = thisMonth();
  const pools = useQuery({
    queryKey: ['pools', period],
    queryFn: () => answered(api.GET('/api/v1/billing/pools', { params: { query: { period } } })),
  });
  const [changing, setChanging] = useState<Pool | null>(null);
  return (
    <Card title={WORDS.title} right={`${WORDS.month} ${monthText(period)}`}>
      {pools.error && <ErrorState error={pools.error} retry={() => void pools.refetch()} />}
      {pools.isPending && <Skeleton />}
      {pools.data && (
        <PlainTable
          label={WORDS.title}
          rows={pools.data.data}
          rowId={({ pool }) => pool}
          columns={[
            { id: 'pool', head: WORDS.heads.pool, wraps: true, look: 'b', cell: ({ pool }) => nameOf(pool) },
            {
              id: 'method',
              head: WORDS.heads.method,
              wraps: true,
              cell: (pool) => (
                <>
                  {WORDS.methods[pool.method] ?? pool.method}
                  {pool.method === 'weighted' && <span className="dim"> {weightsText(pool)}</span>}
                </>
              ),
            },
            {
              id: 'since',
              head: WORDS.heads.since,
              width: 'wide-col',
              wide: true,
              look: 'mid',
              cell: ({ valid_from: from }) => (from ? monthText(from) : WORDS.installed),
            },
            {
              id: 'change',
              head: WORDS.change,
              isHeadHidden: true,
              numeric: true,
              width: 104,
              cell: (pool) => (
                <button type="button" className="btn quiet sml" onClick={() => setChanging(pool)}>
                  {WORDS.change}
                  <span className="vh"> {nameOf(pool.pool)}</span>
                </button>
              ),
            },
          ]}
        />
      )}
      {changing && <PoolDialog pool={changing} close={() => setChanging(null)} />}
    </Card>
  );
}

const weightsText = ({ weights }: Pool): string =>
  Object.entries(weights as Record<string, number>)
    .map(([tenant, weight]) => `${tenant} ${weight}`)
    .join(', ');

function PoolDialog({ pool, close }: { readonly pool: Pool; readonly close: () => void }) {
  const client = useQueryClient();
  const [method, setMethod] = useState<string>(pool.method);
  const [from, setFrom] = useState(thisMonth());
  const [weights, setWeights] = useState(weightsText(pool).replaceAll(', ', '\n'));
  const name = nameOf(pool.pool);
  const pairs = weights.split('\n').flatMap((line) => {
    const [tenant = '', ...weight] = line.trim().split(/\s+/);
    return tenant === '' ? [] : [[tenant, wholeNumber(weight.join(' '))] as const];
  });
  const wrong = pairs.find(([, weight]) => weight === null);
  const save = async (reason: string | undefined) => {
    const change = { pool: pool.pool, method, ...(method === 'weighted' && { weights: Object.fromEntries(pairs) }) };
    await answered(api.PUT('/api/v1/billing/pools', { body: { valid_from: from, pools: [change], ...(reason && { reason }) } as never }));
    await client.invalidateQueries({ queryKey: ['pools'] });
  };
  const isShared = method !== 'keep' && method !== 'house';
  return (
    <Confirm
      title={WORDS.changeTitle(name)}
      button={TEXTS.save}
      reason="required"
      ready={MONTH.test(from) && (method !== 'weighted' || (pairs.length > 0 && !wrong))}
      confirm={save}
      close={close}
    >
      <p className="mid" style={{ marginBottom: 10 }}>
        {WORDS.text}
      </p>
      <div className="money-form">
        <Select
          label={WORDS.heads.method}
          data={Object.entries(WORDS.methods).map(([value, label]) => ({ value, label }))}
          value={method}
          onChange={(next) => next && setMethod(next)}
          allowDeselect={false}
        />
        <TextInput label={WORDS.from} type="month" value={from} onChange={(event) => setFrom(event.currentTarget.value)} />
        {method === 'weighted' && (
          <Textarea
            className="all"
            label={WORDS.weights}
            description={WORDS.weightsHelp}
            rows={4}
            value={weights}
            error={wrong && WORDS.noWeight(wrong[0])}
            onChange={(event) => setWeights(event.currentTarget.value)}
          />
        )}
      </div>
      {pool.pool === 'provider_tax' && isShared && <Note tone="warn">{WORDS.taxOnTax}</Note>}
    </Confirm>
  );
}
