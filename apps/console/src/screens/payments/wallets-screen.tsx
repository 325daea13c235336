import { Select, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { CsvButton } from '../../parts/csv';
import type { CsvColumns } from '../../parts/csv-rows';
import type { Column } from '../../parts/data-table';
import { useFields } from '../../parts/fields';
import { FilterChips, useFilters } from '../../parts/filters';
import { dateText, moneyIn } from '../../parts/format';
import { IconPlus } from '../../parts/icons';
import { ListCard, PAGE, useList } from '../../parts/list';
import '../../parts/money.css';
import { PageHead, Screen, SubNav } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { TenantName, useTenantOptions } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { PAYMENT_PLACES, TEXTS } from './texts';
import { WalletEntries } from './wallet-entries';

type Wallet = Schemas['WalletBalanceResponse'];

const { heads, grant: GRANT } = TEXTS;
const kindText = (kind: string): string => TEXTS.walletKinds[kind] ?? kind;

const COLUMNS: readonly Column<Wallet>[] = [
  { id: 'tenant', head: heads.tenant, cell: ({ tenant_id: id }) => <TenantName id={id} /> },
  { id: 'wallet', head: heads.wallet, width: 140, cell: ({ kind }) => kindText(kind) },
  { id: 'expires', head: heads.expires, width: 150, numeric: true, cell: ({ expires_at: at }) => (at ? dateText(at) : TEXTS.never) },
  { id: 'balance', head: heads.balance, width: 140, numeric: true, cell: ({ balance, currency }) => moneyIn(balance, currency) },
];

const CSV: CsvColumns<Wallet> = [
  ['tenant', (one) => one.tenant_id],
  ['wallet', (one) => one.kind],
  ['currency', (one) => one.currency],
  ['balance', (one) => one.balance],
  ['expires_at', (one) => one.expires_at],
];

/** What tenants have in advance; `tenant_id` in the address shows the movements of one. A tenant sees its own. */
export function WalletsScreen() {
  const { isAdmin, session } = useSession();
  const navigate = useNavigate();
  const { filters } = useFilters();
  const tenants = useTenantOptions();
  const tenant = isAdmin ? filters.tenant_id : (session.tenant_id ?? undefined);
  const read = (cursor: string | undefined, signal: AbortSignal) =>
    answered(api.GET('/api/v1/wallets', { params: { query: { tenant_id: tenant, limit: PAGE, cursor } as never }, signal }));
  const list = useList<Wallet, Schemas['WalletBalanceResponseList']>(['wallets', tenant], read);
  const { empty } = TEXTS;
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.wallets}
        sub={isAdmin ? TEXTS.subs.wallets : TEXTS.subs.own}
        places={<SubNav label={TEXTS.label} places={PAYMENT_PLACES} />}
        actions={
          <>
            <CsvButton name="wallets.csv" columns={CSV} read={read} isEmpty={list.rows.length === 0} />
            {isAdmin && <Grant tenant={tenant} />}
          </>
        }
      />
      {isAdmin && <FilterChips specs={[{ name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants }]} />}
      {tenant === undefined ? (
        <ListCard
          list={list}
          label={TEXTS.wallets}
          columns={COLUMNS}
          rowId={({ tenant_id: id, kind, currency }) => `${id} ${kind} ${currency}`}
          onOpen={({ tenant_id: id }) => void navigate({ to: '/wallets', search: { tenant_id: id } })}
          item={(one) => (
            <div className="item">
              <span />
              <Link to="/wallets" search={{ tenant_id: one.tenant_id }}>
                {one.tenant_id}
              </Link>
              <span className="tn">{moneyIn(one.balance, one.currency)}</span>
              <span className="l2 dim">{kindText(one.kind)}</span>
            </div>
          )}
          empty={<EmptyState {...empty.wallets} />}
        />
      ) : (
        <WalletEntries
          key={tenant}
          tenant={tenant}
          totals={
            list.query.isPending || list.query.isPlaceholderData ? (
              <span aria-busy="true">…</span>
            ) : list.query.error && list.rows.length === 0 ? (
              <span role="alert">{list.query.error.message}</span>
            ) : list.rows.length === 0 ? (
              <span>{isAdmin ? empty.wallets.title : empty.ownWallets.title}</span>
            ) : (
              list.rows.map(({ kind, currency, balance }) => (
                <span key={`${kind} ${currency}`}>
                  {kindText(kind)} <b>{moneyIn(balance, currency)}</b>
                </span>
              ))
            )
          }
        />
      )}
    </Screen>
  );
}

function Grant({ tenant }: { readonly tenant: string | undefined }) {
  const client = useQueryClient();
  const tenants = useTenantOptions();
  const [isAsking, setAsking] = useState(false);
  const { fields, values, set, refuse } = useFields({
    tenant: tenant ?? '',
    kind: 'promotion',
    source: 'granted',
    amount: '',
    expires: '',
  });
  const save = async (reason: string | undefined) => {
    const { kind, source, amount, expires } = values;
    const until = expires === '' ? {} : { expires_at: `${expires}T23:59:59Z` };
    const body = { kind, source, amount, ...until, reason: reason ?? '' } as never;
    await answered(api.POST('/api/v1/wallets/{tenant_id}/entries', { params: { path: { tenant_id: values.tenant } }, body }));
    await client.invalidateQueries({ queryKey: ['wallets'] });
  };
  return (
    <>
      <button type="button" className="btn pri" onClick={() => setAsking(true)}>
        <IconPlus size={16} stroke={1.75} aria-hidden />
        {GRANT.button}
      </button>
      {isAsking && (
        <Confirm
          title={GRANT.title(values.tenant || '…')}
          button={GRANT.button}
          reason="required"
          ready={values.tenant !== '' && Number(values.amount) > 0}
          confirm={save}
          refuse={refuse}
          close={() => setAsking(false)}
        >
          <p className="mid" style={{ marginBottom: 10 }}>
            {GRANT.text}
          </p>
          <div className="money-form">
            <Select
              label={GRANT.tenant}
              data={[...tenants]}
              value={values.tenant || null}
              onChange={(next) => set('tenant', next ?? '')}
              searchable
            />
            <Select
              label={GRANT.kind}
              data={Object.entries(TEXTS.walletKinds).map(([value, label]) => ({ value, label }))}
              value={values.kind}
              onChange={(next) => next && set('kind', next)}
              allowDeselect={false}
            />
            <Select
              label={GRANT.source}
              data={Object.entries(GRANT.sources).map(([value, label]) => ({ value, label }))}
              value={values.source}
              onChange={(next) => next && set('source', next)}
              allowDeselect={false}
            />
            <TextInput label={`${GRANT.amount} (USD)`} inputMode="decimal" {...fields.amount} />
            <TextInput className="all" label={GRANT.expires} description={GRANT.expiresHelp} type="date" {...fields.expires} />
          </div>
        </Confirm>
      )}
    </>
  );
}
