import { TextInput } from '@mantine/core';
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { dateText, monthText } from '../../parts/format';
import { IconPlus } from '../../parts/icons';
import { everyPage } from '../../parts/list';
import '../../parts/money.css';
import { Card, PageHead, Screen, SubNav } from '../../parts/page';
import { PlainTable, type PlainColumn } from '../../parts/plain-table';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { countingIn, thisMonth, versionsOf } from './card-data';
import type { Version } from './rate-model';
import { RATE_PLACES, TEXTS } from './texts';

type RateCard = Schemas['RateCardResponse'];

/** The price lists, and which version of each counts now. */
export function RateCardsScreen() {
  const cards = useQuery({
    queryKey: ['rate-cards'],
    queryFn: () => everyPage((query) => answered(api.GET('/api/v1/rate-cards', { params: { query } }))),
  });
  const rows = cards.data?.data ?? [];
  const versions = useQueries({ queries: rows.map(({ id }) => versionsOf(id)) });
  return (
    <Screen>
      <PageHead title={TEXTS.title} sub={TEXTS.sub} places={<SubNav label={TEXTS.title} places={RATE_PLACES} />} actions={<NewCard />} />
      <Card label={TEXTS.title}>
        {cards.error && <ErrorState error={cards.error} retry={() => void cards.refetch()} />}
        {cards.isPending && <Skeleton />}
        {cards.data && rows.length === 0 && <EmptyState {...TEXTS.empty} />}
        {rows.length > 0 && <CardsTable rows={rows} versionsOf={(card) => versions[rows.indexOf(card)]?.data?.data} />}
      </Card>
    </Screen>
  );
}

interface CardsTableProps {
  readonly rows: readonly RateCard[];
  readonly versionsOf: (card: RateCard) => readonly Version[] | undefined;
}

function CardsTable({ rows, versionsOf: found }: CardsTableProps) {
  const { heads } = TEXTS;
  const none = <span className="dim">{TEXTS.none}</span>;
  const columns: readonly PlainColumn<RateCard>[] = [
    {
      id: 'name',
      head: heads.name,
      cell: (card) => (
        <span className="nm">
          <Link className="trunc" to="/rate-cards/$id" params={{ id: card.id }}>
            {card.name}
          </Link>
          {card.is_default && <span className="pill mute">{TEXTS.isDefault}</span>}
        </span>
      ),
    },
    {
      id: 'counts',
      head: heads.counts,
      cell: (card) => {
        const counting = countingIn(found(card) ?? [], thisMonth());
        return counting ? TEXTS.versionSince(counting.version, monthText(counting.valid_from)) : none;
      },
    },
    {
      id: 'next',
      head: heads.next,
      wide: true,
      cell: (card) => {
        const next = found(card)?.filter(({ valid_from: from, published_at: published }) => from > thisMonth() || published === null);
        const last = next?.at(-1);
        return last ? TEXTS.versionFrom(last.version, monthText(last.valid_from), last.published_at !== null) : none;
      },
    },
    {
      id: 'created',
      head: heads.created,
      numeric: true,
      width: 'money-col',
      wide: true,
      look: 'dim',
      cell: (card) => dateText(card.created_at),
    },
  ];
  return <PlainTable label={TEXTS.title} columns={columns} rows={rows} rowId={({ id }) => id} />;
}

function NewCard() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isAsking, setAsking] = useState(false);
  const [name, setName] = useState('');
  const { create } = TEXTS;
  const save = async (reason: string | undefined) => {
    const { data } = await answered(api.POST('/api/v1/rate-cards', { body: { name: name.trim(), ...(reason && { reason }) } }));
    await client.invalidateQueries({ queryKey: ['rate-cards'] });
    await navigate({ to: '/rate-cards/$id', params: { id: data.id } });
  };
  return (
    <>
      <button type="button" className="btn pri" onClick={() => setAsking(true)}>
        <IconPlus size={16} stroke={1.75} aria-hidden />
        {create.button}
      </button>
      {isAsking && (
        <Confirm
          title={create.title}
          button={create.button}
          ready={name.trim() !== ''}
          reason="optional"
          confirm={save}
          close={() => setAsking(false)}
        >
          <p className="mid" style={{ marginBottom: 10 }}>
            {create.text}
          </p>
          <TextInput
            label={create.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            maxLength={100}
            data-autofocus
          />
        </Confirm>
      )}
    </>
  );
}
