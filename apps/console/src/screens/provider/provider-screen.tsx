import { useQuery } from '@tanstack/react-query';
import { answered, api, type Freshness, type Schemas } from '../../client/client';
import { count, exactTime, words } from '../../parts/format';
import { IconBan, IconCircleCheck, IconClockPause, IconPlugX } from '../../parts/icons';
import { KindIcon, kindName } from '../../parts/kinds';
import { Card, PageHead, Screen } from '../../parts/page';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { Badge, type Tone } from '../../parts/status';
import { Age } from '../../parts/time';
import { useSummary } from '../../shell/counts';
import './provider.css';
import { TEXTS } from './texts';

type Budget = Schemas['ProviderBudgetResponse'];
type Token = Budget['tokens'][number];
const POLL_MS = 10_000;

const STATES: Readonly<Record<string, readonly [Tone, typeof IconBan, string]>> = {
  ok: ['ok', IconCircleCheck, TEXTS.states.ok],
  recovering: ['warn', IconClockPause, TEXTS.states.recovering],
  open: ['bad', IconPlugX, TEXTS.states.open],
  rejected: ['bad', IconBan, TEXTS.states.rejected],
  blocked: ['wait', IconClockPause, TEXTS.states.blocked],
};

export function ProviderScreen() {
  const budget = useQuery({
    queryKey: ['provider-budget'],
    queryFn: () => answered(api.GET('/api/v1/provider/budget')),
    refetchInterval: POLL_MS,
  });
  const freshness = useSummary().data;
  const found = budget.data?.data;
  return (
    <Screen>
      <PageHead title={TEXTS.title} sub={TEXTS.sub} />
      <div className="pr">
        <div className="grid" style={{ alignContent: 'start' }}>
          <Card title={TEXTS.budget} right={TEXTS.budgetSub}>
            {budget.error && <ErrorState error={budget.error} retry={() => void budget.refetch()} />}
            {budget.isPending && <Skeleton lines={3} />}
            {found?.tokens.length === 0 && <EmptyState {...TEXTS.none} />}
            {found && found.tokens.length > 0 && <BudgetTable budget={found} />}
          </Card>
          <Card title={TEXTS.queues} pad>
            <p className="mid" style={{ marginBottom: 8 }}>
              {TEXTS.queuesText}
            </p>
            <a href="/admin/queues/">{TEXTS.queuesLink}</a>
          </Card>
        </div>
        {freshness && <FreshnessCard freshness={freshness} />}
      </div>
    </Screen>
  );
}

function BudgetTable({ budget }: { readonly budget: Budget }) {
  return (
    <>
      <table aria-label={TEXTS.budget}>
        <colgroup>
          <col />
          <col className="hide-m" style={{ width: 128 }} />
          <col style={{ width: 156 }} />
          <col className="hide-m" style={{ width: 116 }} />
          <col className="hide-m" style={{ width: 112 }} />
        </colgroup>
        <thead>
          <tr>
            <th scope="col">{TEXTS.heads.purpose}</th>
            <th scope="col" className="num hide-m">
              {TEXTS.heads.minute}
            </th>
            <th scope="col" className="num">
              {TEXTS.heads.hour}
            </th>
            <th scope="col" className="hide-m">
              {TEXTS.heads.state}
            </th>
            <th scope="col" className="num hide-m">
              {TEXTS.heads.refusal}
            </th>
          </tr>
        </thead>
        <tbody>
          {budget.tokens.map((token) => (
            <TokenRow key={token.purposes.join() || token.hour_left} token={token} budget={budget} />
          ))}
        </tbody>
      </table>
      <p className="pad dim sm">{TEXTS.reserved(budget.reserved_share)}</p>
    </>
  );
}

function TokenRow({ token, budget }: { readonly token: Token; readonly budget: Budget }) {
  const [tone, icon, word] = STATES[token.state] ?? ['mute', IconBan, words(token.state)];
  const purposes = token.purposes.map((purpose) => TEXTS.purposes[purpose] ?? words(purpose)).join(', ');
  return (
    <tr>
      <td className="wrap">{purposes || TEXTS.otherToken}</td>
      <td className="num hide-m">{TEXTS.of(count(token.minute_left), count(budget.per_minute))}</td>
      <td className="num">{TEXTS.of(count(token.hour_left), count(budget.per_hour))}</td>
      <td className="hide-m">
        <Badge tone={tone} icon={icon}>
          {word}
        </Badge>
      </td>
      <td className="num hide-m dim">
        {token.since || token.blocked_until ? <Age at={token.since ?? token.blocked_until} suffix=" ago" /> : TEXTS.noRefusal}
      </td>
    </tr>
  );
}

function FreshnessCard({ freshness }: { readonly freshness: Freshness }) {
  const kinds = Object.entries(freshness.completeness).sort(([a], [b]) => a.localeCompare(b));
  return (
    <Card title={TEXTS.freshness} right={TEXTS.freshnessSub}>
      <table aria-label={TEXTS.freshness}>
        <colgroup>
          <col />
          <col className="hide-m" style={{ width: 110 }} />
          <col style={{ width: 110 }} />
        </colgroup>
        <tbody>
          {kinds.map(([kind, { as_of: at, complete, reason }]) => (
            <tr key={kind}>
              <td>
                <span className="nm">
                  <KindIcon kind={kind} />
                  <span className="trunc" title={kindName(kind)}>
                    {kindName(kind)}
                  </span>
                </span>
              </td>
              <td className="mid hide-m">{complete ? '' : words(reason ?? TEXTS.never)}</td>
              <td className="num" title={at ? exactTime(at) : TEXTS.never}>
                <Age at={at} suffix=" ago" late={!complete} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
