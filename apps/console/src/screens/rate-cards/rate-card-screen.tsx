import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { useFilters } from '../../parts/filters';
import { dateText, monthText } from '../../parts/format';
import { IconPencil, IconPlus } from '../../parts/icons';
import '../../parts/money.css';
import { Card, Detail, Facts, PageHead } from '../../parts/page';
import { PlainTable, type PlainColumn } from '../../parts/plain-table';
import { EmptyState } from '../../parts/states';
import { useCard, versionsOf } from './card-data';
import { GivenCard } from './given-card';
import { modelText, selectorText, TERMS, termText, type Version } from './rate-model';
import './rate-cards.css';
import { SimulationCard } from './simulation-card';
import { TEXTS } from './texts';
import { VersionDiff } from './version-diff';

const { version: WORDS } = TEXTS;

/** One price list: its versions, the rates of the chosen one, what it changes, and what a past month would be under it. */
export function RateCardScreen() {
  const { id } = useParams({ from: '/rate-cards/$id' });
  const { filters, change } = useFilters();
  const card = useCard(id);
  const versions = useQuery(versionsOf(id));
  const found = card.data?.data;
  const all = versions.data?.data ?? [];
  const chosen = all.find(({ version }) => String(version) === filters.version) ?? all[0];
  return (
    <Detail what={TEXTS.one} list={{ text: TEXTS.title, to: '/rate-cards' }} queries={[card, versions]}>
      {found && versions.data && (
        <>
          <PageHead
            title={found.name}
            badges={found.is_default && <span className="pill mute">{TEXTS.isDefault}</span>}
            crumbs={[{ text: TEXTS.title, to: '/rate-cards' }, { text: found.name }]}
            actions={<Actions id={id} chosen={chosen} />}
          />
          <div className="two">
            <div className="grid">
              {chosen ? (
                <>
                  <RatesCard version={chosen} />
                  <VersionDiff versions={all} chosen={chosen} against={filters.against} choose={(against) => change({ against })} />
                  <SimulationCard key={`${id} ${chosen.version}`} cardId={id} version={chosen.version} />
                </>
              ) : (
                <Card label={WORDS.title}>
                  <EmptyState {...WORDS.none} />
                </Card>
              )}
            </div>
            <div className="grid">
              <VersionsCard versions={all} chosen={chosen} choose={(version) => change({ version: String(version), against: undefined })} />
              <GivenCard card={found} />
            </div>
          </div>
        </>
      )}
    </Detail>
  );
}

function Actions({ id, chosen }: { readonly id: string; readonly chosen: Version | undefined }) {
  const client = useQueryClient();
  const [isPublishing, setPublishing] = useState(false);
  const isDraft = chosen?.published_at === null;
  const publish = async (reason: string | undefined) => {
    const params = { path: { id, version: chosen?.version ?? 0 } };
    await answered(api.POST('/api/v1/rate-cards/{id}/versions/{version}/publish', { params, body: { ...(reason && { reason }) } }));
    await client.invalidateQueries({ queryKey: ['rate-cards'] });
  };
  return (
    <>
      <Link className="btn" to="/rate-cards/$id/edit" params={{ id }} search={chosen ? { copy: String(chosen.version) } : {}}>
        <IconPlus size={16} stroke={1.75} aria-hidden />
        {WORDS.add}
      </Link>
      {chosen && isDraft && (
        <>
          <Link className="btn" to="/rate-cards/$id/edit" params={{ id }} search={{ version: String(chosen.version) }}>
            <IconPencil size={16} stroke={1.75} aria-hidden />
            {WORDS.edit}
          </Link>
          <button type="button" className="btn pri" onClick={() => setPublishing(true)}>
            {WORDS.publish}
          </button>
        </>
      )}
      {isPublishing && chosen && (
        <Confirm
          title={WORDS.publishTitle(chosen.version, monthText(chosen.valid_from))}
          button={WORDS.publish}
          reason="required"
          danger
          typed={chosen.valid_from}
          confirm={publish}
          close={() => setPublishing(false)}
        >
          <p>{WORDS.publishText}</p>
        </Confirm>
      )}
    </>
  );
}

interface VersionsCardProps {
  readonly versions: readonly Version[];
  readonly chosen: Version | undefined;
  readonly choose: (version: number) => void;
}

function VersionsCard({ versions, chosen, choose }: VersionsCardProps) {
  return (
    <Card title={WORDS.title}>
      {versions.length === 0 && <p className="pad mid">{WORDS.none.title}</p>}
      <ul className="versions">
        {versions.map((one) => (
          <li key={one.version}>
            <button type="button" aria-pressed={one.version === chosen?.version} onClick={() => choose(one.version)}>
              <b>{WORDS.name(one.version)}</b> <span className="mid">{WORDS.from(monthText(one.valid_from))}</span>
              <span className="dim sm">
                {one.published_at === null
                  ? WORDS.draft
                  : `${WORDS.published} ${dateText(one.published_at)} ${WORDS.by(one.published_by ?? '')}`}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </Card>
  );
}

const RATE_COLUMNS: readonly PlainColumn<Version['rates'][number]>[] = [
  { id: 'applies', head: WORDS.applies, wraps: true, look: 'b', cell: ({ selector }) => selectorText(selector) },
  { id: 'price', head: WORDS.price, wraps: true, cell: ({ model }) => modelText(model) },
  { id: 'priority', head: WORDS.priority, numeric: true, width: 'short-col', wide: true, look: 'dim', cell: ({ priority }) => priority },
];

function RatesCard({ version }: { readonly version: Version }) {
  const terms = TERMS.flatMap((term) => {
    const value = version.monthly[term];
    return value === null ? [] : [[WORDS.terms[term], termText(term, value)] as const];
  });
  return (
    <Card title={`${WORDS.name(version.version)} ${WORDS.from(monthText(version.valid_from))}`} right={WORDS.rates}>
      {version.rates.length === 0 && <EmptyState {...WORDS.noRates} />}
      {version.rates.length > 0 && <PlainTable label={WORDS.rates} columns={RATE_COLUMNS} rows={version.rates} rowId={({ id }) => id} />}
      <div className="pad terms">
        <h3>{WORDS.monthly}</h3>
        {terms.length === 0 ? <p className="mid">{WORDS.noMonthly}</p> : <Facts rows={terms} />}
      </div>
    </Card>
  );
}
