import { TextInput } from '@mantine/core';
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { dateText, monthText } from '../../parts/format';
import { IconPlus } from '../../parts/icons';
import '../../parts/money.css';
import { Card, PageHead, Screen } from '../../parts/page';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { SubNav } from '../../parts/sub-nav';
import { countingIn, thisMonth, versionsOf } from './card-data';
import type { Version } from './rate-model';
import { RATE_PLACES } from './rate-places';
import { TEXTS } from './texts';

type RateCard = Schemas['RateCardResponse'];

const MOST_CARDS = 100;

/** The price lists, and which version of each counts now. */
export function RateCardsScreen() {
  const cards = useQuery({
    queryKey: ['rate-cards'],
    queryFn: () => answered(api.GET('/api/v1/rate-cards', { params: { query: { limit: MOST_CARDS } } })),
  });
  const rows = cards.data?.data ?? [];
  const versions = useQueries({ queries: rows.map(({ id }) => versionsOf(id)) });
  const { heads } = TEXTS;
  return (
    <Screen>
      <PageHead title={TEXTS.title} sub={TEXTS.sub} beside={<SubNav label={TEXTS.title} places={RATE_PLACES} />} actions={<NewCard />} />
      <Card label={TEXTS.title}>
        {cards.error && <ErrorState error={cards.error} retry={() => void cards.refetch()} />}
        {cards.isPending && <Skeleton />}
        {cards.data && rows.length === 0 && <EmptyState {...TEXTS.empty} />}
        {rows.length > 0 && (
          <table className="mt" aria-label={TEXTS.title}>
            <thead>
              <tr>
                <th scope="col">{heads.name}</th>
                <th scope="col">{heads.counts}</th>
                <th scope="col" className="hide-m">
                  {heads.next}
                </th>
                <th scope="col" className="num money-col hide-m">
                  {heads.created}
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((card, at) => (
                <CardRow key={card.id} card={card} versions={versions[at]?.data?.data} />
              ))}
            </tbody>
          </table>
        )}
      </Card>
    </Screen>
  );
}

function CardRow({ card, versions }: { readonly card: RateCard; readonly versions: readonly Version[] | undefined }) {
  const counting = versions && countingIn(versions, thisMonth());
  const next = versions?.filter(({ valid_from: from, published_at: published }) => from > thisMonth() || published === null).at(-1);
  return (
    <tr>
      <td>
        <span className="nm">
          <Link className="trunc" to="/rate-cards/$id" params={{ id: card.id }}>
            {card.name}
          </Link>
          {card.is_default && <span className="pill mute">{TEXTS.isDefault}</span>}
        </span>
      </td>
      <td>{counting ? TEXTS.versionSince(counting.version, monthText(counting.valid_from)) : <span className="dim">{TEXTS.none}</span>}</td>
      <td className="hide-m">
        {next ? (
          TEXTS.versionFrom(next.version, monthText(next.valid_from), next.published_at !== null)
        ) : (
          <span className="dim">{TEXTS.none}</span>
        )}
      </td>
      <td className="num hide-m dim">{dateText(card.created_at)}</td>
    </tr>
  );
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
