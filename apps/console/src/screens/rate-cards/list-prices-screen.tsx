import { TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import type { Column } from '../../parts/data-table';
import { useFields } from '../../parts/fields';
import { FilterChips, useFilters } from '../../parts/filters';
import { count, dateText, decimalError, unitPriceIn } from '../../parts/format';
import { IconPlus } from '../../parts/icons';
import { kindName } from '../../parts/kinds';
import { everyPage, ListCard } from '../../parts/list';
import '../../parts/money.css';
import { PageHead, Screen, SubNav } from '../../parts/page';
import { EmptyState, Note } from '../../parts/states';
import { RATE_PLACES, TEXTS } from './texts';

type Price = Schemas['ListPriceResponse'];

const { list: WORDS } = TEXTS;

/** `droplet:s-1vcpu-1gb` as people read it: the kind, and its size behind it. */
const productText = (product: string): string => {
  const [kind = '', ...size] = product.split(':');
  return [kindName(kind), ...size].join(' ');
};

const amountOf = ({ amount, unit, currency }: Price): string =>
  unit === 'percent' ? `${Number(amount)} %` : unitPriceIn(amount, currency);

const COLUMNS: readonly Column<Price>[] = [
  {
    id: 'product',
    head: WORDS.heads.product,
    cell: ({ product }) => (
      <span className="nm" title={product}>
        {productText(product)}
      </span>
    ),
  },
  { id: 'source', head: WORDS.heads.source, width: 116, cell: ({ source }) => WORDS.sources[source] },
  { id: 'origin', head: WORDS.heads.origin, width: 300, wide: true, cell: ({ origin }) => <span title={origin}>{origin}</span> },
  { id: 'from', head: WORDS.heads.from, width: 112, wide: true, cell: ({ valid_from: from }) => dateText(from) },
  {
    id: 'minimum',
    head: WORDS.heads.minimum,
    width: 92,
    wide: true,
    numeric: true,
    cell: ({ minimum, currency }) => (minimum === null ? '' : unitPriceIn(minimum, currency)),
  },
  { id: 'amount', head: WORDS.heads.amount, width: 104, numeric: true, cell: amountOf },
  { id: 'unit', head: WORDS.heads.unit, width: 148, cell: ({ unit }) => <span className="mid">{WORDS.units[unit]}</span> },
];

/** What a unit of each product costs by the price lists, the source that counts first. A row sets a price of one's own. */
export function ListPricesScreen() {
  const { filters } = useFilters();
  const { q = '', ...asked } = filters;
  const prices = useQuery({
    queryKey: ['list-prices', asked],
    queryFn: () =>
      everyPage((page) => answered(api.GET('/api/v1/catalog/list-prices', { params: { query: { ...asked, ...page } as never } }))),
  });
  const [setting, setSetting] = useState<Price | 'new' | null>(null);
  const all = prices.data?.data;
  const rows = useMemo(() => (all ?? []).filter((price) => isNamed(price, q)), [all, q]);
  return (
    <Screen fixed>
      <PageHead
        title={WORDS.title}
        sub={WORDS.sub}
        places={<SubNav label={TEXTS.title} places={RATE_PLACES} />}
        actions={
          <button type="button" className="btn pri" onClick={() => setSetting('new')}>
            <IconPlus size={16} stroke={1.75} aria-hidden />
            {WORDS.button}
          </button>
        }
      />
      <FilterChips
        specs={[
          { name: 'q', label: WORDS.filters.q },
          {
            name: 'source',
            label: WORDS.filters.source,
            options: Object.entries(WORDS.sources).map(([value, label]) => ({ value, label })),
          },
          { name: 'history', label: WORDS.filters.history, options: [{ value: 'true', label: WORDS.replaced }] },
        ]}
      />
      <ListCard
        list={{ query: prices, rows, onEnd: () => undefined }}
        label={WORDS.title}
        totals={all && <span>{WORDS.counted(count(rows.length))}</span>}
        columns={COLUMNS}
        rowId={({ product, source, valid_from: from }) => `${product} ${source} ${from}`}
        onOpen={setSetting}
        item={(price) => (
          <div className="item">
            <span />
            <b className="trunc" style={{ fontWeight: 550 }}>
              {productText(price.product)}
            </b>
            <span className="tn">{amountOf(price)}</span>
            <span className="l2 dim">{[WORDS.units[price.unit], WORDS.sources[price.source], dateText(price.valid_from)].join(' · ')}</span>
          </div>
        )}
        empty={<EmptyState {...WORDS.empty} />}
      />
      {setting && <SetDialog price={setting === 'new' ? null : setting} close={() => setSetting(null)} />}
    </Screen>
  );
}

const isNamed = ({ product, origin }: Price, q: string): boolean =>
  `${product} ${productText(product)} ${origin}`.toLowerCase().includes(q.trim().toLowerCase());

/** Sets what a product costs from now on. Earlier times keep their price. */
function SetDialog({ price, close }: { readonly price: Price | null; readonly close: () => void }) {
  const client = useQueryClient();
  const { fields, values, refuse } = useFields(
    { product: price?.product ?? '', amount: price?.amount ?? '', minimum: price?.minimum ?? '', origin: '' },
    null,
    { at: 'prices.0.' },
  );
  const wrong = { amount: decimalError(values.amount), minimum: decimalError(values.minimum) };
  const isFilled = [values.product, values.amount, values.origin].every((text) => text.trim() !== '');
  const save = async (reason: string | undefined) => {
    const { product, amount, minimum, origin } = values;
    const one = {
      product: product.trim(),
      amount: amount.trim(),
      origin: origin.trim(),
      ...(minimum.trim() !== '' && { minimum: minimum.trim() }),
    };
    await answered(api.PUT('/api/v1/catalog/list-prices', { body: { prices: [one], reason: reason ?? '' } }));
    await client.invalidateQueries({ queryKey: ['list-prices'] });
  };
  const isCatalog = price !== null && price.source !== 'configured';
  return (
    <Confirm
      title={price ? WORDS.setTitle(productText(price.product)) : WORDS.newTitle}
      button={WORDS.button}
      reason="required"
      ready={isFilled && !wrong.amount && !wrong.minimum}
      confirm={save}
      refuse={refuse}
      close={close}
    >
      <p className="mid" style={{ marginBottom: 10 }}>
        {WORDS.text}
      </p>
      {isCatalog && <Note tone="warn">{WORDS.counts(WORDS.sources[price.source].toLowerCase())}</Note>}
      <div className="money-form" style={{ marginTop: isCatalog ? 10 : 0 }}>
        <TextInput
          className="all"
          label={WORDS.heads.product}
          description={WORDS.productHelp}
          readOnly={price !== null}
          data-autofocus={price === null || undefined}
          {...fields.product}
        />
        <TextInput
          label={price ? WORDS.amountOf(WORDS.units[price.unit]) : WORDS.heads.amount}
          inputMode="decimal"
          data-autofocus={price !== null || undefined}
          {...fields.amount}
          error={wrong.amount ?? fields.amount.error}
        />
        <TextInput
          label={WORDS.heads.minimum}
          description={WORDS.minimumHelp}
          inputMode="decimal"
          {...fields.minimum}
          error={wrong.minimum ?? fields.minimum.error}
        />
        <TextInput className="all" label={WORDS.heads.origin} description={WORDS.originHelp} maxLength={200} {...fields.origin} />
      </div>
    </Confirm>
  );
}
