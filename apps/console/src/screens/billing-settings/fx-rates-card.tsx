import { TextInput } from '@mantine/core';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { useFields } from '../../parts/fields';
import { calendarDay, dateText, decimalError } from '../../parts/format';
import { CutShort } from '../../parts/list';
import { Card } from '../../parts/page';
import { PlainTable, type PlainColumn } from '../../parts/plain-table';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { TEXTS } from './texts';

type Rate = Schemas['FxRateResponse'];

const { fx: WORDS } = TEXTS;
const LIMIT = 20;
const KEY = ['fx-rates'];

const COLUMNS: readonly PlainColumn<Rate>[] = [
  { id: 'day', head: WORDS.heads.day, width: 112, cell: ({ on }) => calendarDay(on) },
  { id: 'rate', head: WORDS.heads.rate, numeric: true, width: 136, look: 'b', cell: ({ rate, currency }) => `${rate} ${currency}` },
  { id: 'source', head: WORDS.heads.source, wraps: true, cell: ({ source }) => source },
  {
    id: 'set',
    head: WORDS.heads.set,
    wide: true,
    wraps: true,
    look: 'dim',
    cell: ({ set_by: by, set_at: at }) => `${by}, ${dateText(at)}`,
  },
];

/** What a US dollar costs in other currencies, by day, and the way to add the rate of a day. */
export function FxRatesCard() {
  const rates = useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam: cursor }) =>
      answered(api.GET('/api/v1/billing/fx-rates', { params: { query: { limit: LIMIT, ...(cursor && { cursor }) } } })),
    initialPageParam: '',
    getNextPageParam: ({ page }) => page.next_cursor ?? undefined,
  });
  const [isAdding, setAdding] = useState(false);
  const rows = rates.data?.pages.flatMap(({ data }) => data) ?? [];
  return (
    <Card
      title={WORDS.title}
      right={
        <button type="button" className="btn sml" onClick={() => setAdding(true)}>
          {WORDS.add}
        </button>
      }
    >
      {rates.error && !rates.isFetchNextPageError && <ErrorState error={rates.error} retry={() => void rates.refetch()} />}
      {rates.isPending && <Skeleton lines={3} />}
      {rates.data && rows.length === 0 && <EmptyState {...WORDS.empty} />}
      {rows.length > 0 && (
        <PlainTable label={WORDS.title} columns={COLUMNS} rows={rows} rowId={({ on, currency }) => `${on} ${currency}`} />
      )}
      {rates.error && rates.isFetchNextPageError && <CutShort error={rates.error} query={rates} />}
      {rates.hasNextPage && !rates.isFetchNextPageError && (
        <p className="pad">
          <button type="button" className="btn sml" disabled={rates.isFetchingNextPage} onClick={() => void rates.fetchNextPage()}>
            {WORDS.more}
          </button>
        </p>
      )}
      {isAdding && <AddDialog latest={rows[0]} rows={rows} close={() => setAdding(false)} />}
    </Card>
  );
}

interface AddProps {
  /** Its currency and source are most often those of the next one. */
  readonly latest: Rate | undefined;
  readonly rows: readonly Rate[];
  readonly close: () => void;
}

function AddDialog({ latest, rows, close }: AddProps) {
  const client = useQueryClient();
  const today = new Date().toISOString().slice(0, 10);
  const start = { currency: latest?.currency ?? '', rate: '', source: latest?.source ?? '', on: today };
  const { fields, values, isFilled, refuse } = useFields(start);
  const currency = values.currency.trim().toUpperCase();
  const replaced = rows.find((row) => row.on === values.on && row.currency === currency);
  const wrongRate = decimalError(values.rate);
  const add = async (reason: string | undefined) => {
    const body = { currency, rate: values.rate.trim(), source: values.source.trim(), on: values.on, ...(reason && { reason }) };
    await answered(api.POST('/api/v1/billing/fx-rates', { body }));
    await client.invalidateQueries({ queryKey: KEY });
  };
  return (
    <Confirm
      title={WORDS.addTitle}
      button={replaced ? WORDS.replace : WORDS.add}
      reason="optional"
      ready={isFilled && !wrongRate}
      confirm={add}
      refuse={refuse}
      close={close}
    >
      <p className="mid" style={{ marginBottom: 10 }}>
        {WORDS.text}
      </p>
      <div className="money-form">
        <TextInput label={WORDS.currency} description={WORDS.currencyHelp} maxLength={3} data-autofocus {...fields.currency} />
        <TextInput label={WORDS.day} type="date" {...fields.on} />
        <TextInput
          label={WORDS.rate(currency)}
          description={WORDS.rateHelp}
          inputMode="decimal"
          {...fields.rate}
          error={wrongRate ?? fields.rate.error}
        />
        <TextInput label={WORDS.source} description={WORDS.sourceHelp} maxLength={100} {...fields.source} />
      </div>
      {replaced && (
        <p className="st warn" style={{ marginTop: 10 }}>
          {WORDS.replaces(`${replaced.rate} ${replaced.currency}`, replaced.source)}
        </p>
      )}
    </Confirm>
  );
}
