import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type KeyboardEvent } from 'react';
import { BarChart } from '../../parts/chart';
import { useFilters } from '../../parts/filters';
import { age, count, countOf, moneyDelta } from '../../parts/format';
import {
  IconAlertOctagon,
  IconClockExclamation,
  IconFileDollar,
  IconGitCompare,
  IconRadarOff,
  IconUserCheck,
  IconUserQuestion,
} from '../../parts/icons';
import { kindName } from '../../parts/kinds';
import { Card, Facts, PageHead, Screen } from '../../parts/page';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { Age, useNow } from '../../parts/time';
import { useDriftSummary, useOpenSagas, useSummary } from '../../shell/counts';
import { isTyping, keysAreOff } from '../../shell/keys';
import { lastMonths, useMonths } from '../costs/cost-history';
import { DecisionPlace, type Result } from './inbox-decision';
import { useInbox, type InboxGroup, type InboxItem } from './inbox-items';
import './inbox.css';
import { TEXTS } from './texts';

const ICONS: Readonly<Record<InboxGroup, typeof IconRadarOff>> = {
  sweeps: IconRadarOff,
  drift: IconGitCompare,
  sagas: IconAlertOctagon,
  money: IconFileDollar,
  owners: IconUserQuestion,
  data: IconClockExclamation,
};
const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };
const OLDEST = 5;
const SHOWN_MONTHS = 6;

export function InboxScreen() {
  const { items, isCut, isPending, error } = useInbox();
  const client = useQueryClient();
  const { filters, change } = useFilters();
  const drift = useDriftSummary().data?.data;
  const [result, setResult] = useState<Result | null>(null);
  const shown = items.filter(({ group }) => !filters.group || group === filters.group);
  const open = (id: string | undefined) => {
    setResult(null);
    change({ open: id });
  };
  const decided = (item: InboxItem, outcome: Result) => {
    const at = shown.findIndex(({ id }) => id === item.id);
    const next = shown[at + 1] ?? shown[at - 1];
    setResult(outcome);
    change({ open: next?.decision && next.id });
    // The dialog of the decision returns the focus first, which is before the frame after the next one.
    requestAnimationFrame(() => requestAnimationFrame(() => next && document.getElementById(titleId(next))?.focus()));
  };
  const groups = (Object.keys(TEXTS.groups) as InboxGroup[]).filter((group) => items.some((item) => item.group === group));
  const delta = drift && Number(drift.monthly_price_delta) !== 0 ? TEXTS.together(moneyDelta(drift.monthly_price_delta)) : '';
  return (
    <Screen>
      <PageHead
        title={TEXTS.title}
        sub={items.length > 0 && `${TEXTS.sub(items.length, isCut)}${delta}`}
        actions={
          items.length > 0 && (
            <div className="seg" role="group" aria-label="Groups">
              <button type="button" aria-pressed={!filters.group} onClick={() => change({ group: undefined, open: undefined })}>
                {TEXTS.all} <em>{items.length}</em>
              </button>
              {groups.map((group) => (
                <button key={group} type="button" aria-pressed={filters.group === group} onClick={() => change({ group, open: undefined })}>
                  {TEXTS.groups[group]} <em>{items.filter((item) => item.group === group).length}</em>
                </button>
              ))}
            </div>
          )
        }
      />
      <div className="ib">
        <section className="card" aria-label={TEXTS.title}>
          {error && <ErrorState error={error} retry={() => void client.refetchQueries({ type: 'active' })} />}
          {isPending && <Skeleton lines={6} />}
          {result && <ResultLine result={result} close={() => setResult(null)} />}
          {!isPending && !error && items.length === 0 && <Nothing />}
          {/* the titles in it have the focus and take the keys */}
          <ol role="list" onKeyDown={(event) => moveFocus(event, () => open(undefined))}>
            {shown.map((item) => (
              <Item
                key={item.id}
                item={item}
                isOpen={item.id === filters.open}
                toggle={() => open(item.id === filters.open ? undefined : item.id)}
                done={(outcome) => decided(item, outcome)}
              />
            ))}
          </ol>
        </section>
        <Side />
      </div>
    </Screen>
  );
}

const titleId = ({ id }: InboxItem): string => `inbox-${id}`;

/** `j` and `k` or the arrows go from one title to another, `Escape` closes the open item. */
function moveFocus(event: KeyboardEvent<HTMLElement>, close: () => void): void {
  if (isTyping(event.nativeEvent) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape') return close();
  const isArrow = event.key.startsWith('Arrow');
  const step = STEPS[event.key];
  if (step === undefined || (!isArrow && keysAreOff())) return;
  const titles = [...event.currentTarget.querySelectorAll<HTMLElement>('.it-title')];
  const here = titles.findIndex((title) => title.closest('li')?.contains(event.target as Node));
  event.preventDefault();
  titles[Math.max(0, Math.min(titles.length - 1, here + step))]?.focus();
}

interface ItemProps {
  readonly item: InboxItem;
  readonly isOpen: boolean;
  readonly toggle: () => void;
  readonly done: (result: Result) => void;
}

/** One thing. Where it is decided here, its title opens it in place; any other title leads to its page. */
function Item({ item, isOpen, toggle, done }: ItemProps) {
  const Icon = item.tone === 'wait' ? IconUserCheck : ICONS[item.group];
  const { decision } = item;
  return (
    <li className={isOpen ? 'it open' : 'it'}>
      <Icon size={18} stroke={1.75} aria-hidden style={{ color: `var(--${item.tone}-g)` }} />
      <h2>
        {decision ? (
          <button type="button" id={titleId(item)} className="it-title" aria-expanded={isOpen} onClick={toggle}>
            {item.title}
          </button>
        ) : (
          <Link id={titleId(item)} className="it-title" to={item.to} search={item.search ?? {}}>
            {item.title}
          </Link>
        )}
      </h2>
      <span className="money">{item.money ?? ''}</span>
      <p className={isOpen ? 'meta' : 'meta trunc'} title={item.meta}>
        {item.meta}
      </p>
      <span className="when">{item.at && <Age at={item.at} />}</span>
      {isOpen && decision && (
        <div className="dec">
          <DecisionPlace item={item} decision={decision} done={done} />
        </div>
      )}
    </li>
  );
}

/** What the latest decision did, above what is left. */
function ResultLine({ result: { text, sagaId }, close }: { readonly result: Result; readonly close: () => void }) {
  return (
    <div className="tot">
      <span role="status">{text}</span>
      {sagaId && (
        <Link to="/sagas/$id" params={{ id: sagaId }}>
          {TEXTS.follow}
        </Link>
      )}
      <button type="button" className="btn quiet sml" style={{ marginLeft: 'auto' }} onClick={close}>
        {TEXTS.close}
      </button>
    </div>
  );
}

function Nothing() {
  const nowMs = useNow();
  const { completeness = {} } = useSummary().data ?? {};
  const times = Object.values(completeness).flatMap(({ as_of: at }) => (at ? [new Date(at).getTime()] : []));
  return <EmptyState title={TEXTS.nothing(times.length > 0 ? age(Math.max(...times), nowMs) : '?')} hint={TEXTS.nothingHint} />;
}

function Side() {
  const summary = useSummary().data;
  const sagas = useOpenSagas().data;
  const drift = useDriftSummary().data?.data;
  const oldest = Object.entries(summary?.completeness ?? {})
    .sort(([, a], [, b]) => (a.as_of ?? '').localeCompare(b.as_of ?? ''))
    .slice(0, OLDEST);
  return (
    <aside className="grid side">
      {summary && (
        <Card label={TEXTS.numbers.title} pad>
          <Facts
            right
            rows={[
              [TEXTS.numbers.total, count(summary.data.total)],
              [TEXTS.numbers.open, sagas && countOf(sagas)],
              [TEXTS.numbers.drifted, drift && count(drift.drifted)],
            ]}
          />
        </Card>
      )}
      <CostsCard />
      {oldest.length > 0 && (
        <Card title={TEXTS.oldest} pad>
          <Facts
            right
            rows={oldest.map(([kind, { as_of: at, complete }]) => [kindName(kind), <Age key={kind} at={at} late={!complete} />])}
          />
        </Card>
      )}
    </aside>
  );
}

/** The latest months, the running one unfinished. */
function CostsCard() {
  const months = useMonths('kind', true);
  const running = lastMonths(1)[0];
  return (
    <Card title={TEXTS.costs} right={<Link to="/costs">{TEXTS.allCosts}</Link>} pad>
      {months.isPending && <Skeleton lines={4} />}
      {months.error && <ErrorState error={months.error} retry={() => void months.refetch()} />}
      {months.data && (
        <BarChart
          label={TEXTS.costsLabel}
          {...months.data}
          bars={months.data.bars.slice(-SHOWN_MONTHS).map((bar) => ({ ...bar, open: bar.id === running }))}
          values={months.data.values.slice(-SHOWN_MONTHS)}
          height={112}
        />
      )}
    </Card>
  );
}
