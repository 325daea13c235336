import type { Schemas } from '../client/client';
import { count, duration, fieldName, hourly, money, moneyDelta, secondOfDay, sumOf, valueText } from './format';
import { kindName } from './kinds';
import { Note } from './states';
import './plan.css';

/** What a start would do, as `dry_run=true` answers it. */
export type Plan = Schemas['PlanResponse'];
/** What a thing of a plan has, be it created, destroyed or left. */
type PlannedThing = Pick<Plan['destroys'][number], 'kind' | 'name' | 'price'> &
  Partial<Pick<Plan['creates'][number], 'size_slug' | 'region'>> &
  Partial<Pick<Plan['leaves'][number], 'why'>>;

/** A plan without work: it ends as soon as it is started. */
export const hasNothingToDo = ({ warnings }: Plan): boolean => warnings.some(({ code }) => code === 'nothing_to_do');

const TEXTS = {
  title: 'Plan',
  until: (time: string) => `Holds until ${time}`,
  perMonth: 'a month',
  perHour: 'an hour',
  now: 'now',
  after: 'after',
  steps: 'Steps',
  noUndo: 'no undo after this',
  undo: (text: string) => `undo: ${text.charAt(0).toLowerCase()}${text.slice(1)}`,
  creates: 'Creates',
  changes: 'Changes',
  destroys: 'Destroys',
  leaves: 'Stays, and costs',
  downtime: 'Downtime',
  about: (seconds: number) => `about ${duration(seconds * 1_000)}`,
  limits: 'Limits',
  limitsSub: 'used, plus this, of allowed',
  unlimited: 'no limit',
  approval: 'Needs approval.',
  approvalWho: 'Another person decides. Until then nothing is done.',
  refused: 'Refused.',
  noPrice: 'no price yet',
};

/** The plan in a fixed order: money, steps, what it touches, downtime, limits, approval, warnings, refusal. The button is the caller's. */
export function PlanCard({ plan, children }: { readonly plan: Plan; readonly children?: React.ReactNode }) {
  const { cost, warnings } = plan;
  return (
    <section className="card plan" aria-label={TEXTS.title}>
      <div className="tt">
        <h2>{TEXTS.title}</h2>
        <span className="dim sm">{TEXTS.until(secondOfDay(plan.plan_expires_at))}</span>
      </div>
      <Delta cost={cost} />
      <Steps plan={plan} />
      <Things title={TEXTS.creates} things={plan.creates} />
      <Changes changes={plan.changes} />
      <Things title={TEXTS.destroys} things={plan.destroys} bad />
      <Things title={TEXTS.leaves} things={plan.leaves} />
      <DowntimeLine downtime={plan.downtime} />
      <Limits limits={plan.limits} />
      <div className="ps grid notes">
        {plan.approval.required && (
          <Note tone="wait" title={TEXTS.approval}>
            {[plan.approval.why, TEXTS.approvalWho].filter(Boolean).join(' ')}
          </Note>
        )}
        {warnings.map(({ code, detail }) => (
          <Note key={detail} tone={code === 'nothing_to_do' ? 'info' : 'warn'}>
            {detail}
          </Note>
        ))}
        {plan.refused && (
          <Note tone="bad" title={TEXTS.refused}>
            {plan.refused.detail}{' '}
            <span className="mono dim">
              {plan.refused.status} {plan.refused.code}
            </span>
          </Note>
        )}
      </div>
      {children && <div className="pfoot">{children}</div>}
    </section>
  );
}

function Delta({ cost }: { readonly cost: Plan['cost'] }) {
  return (
    <div className="delta">
      <div>
        <div className="v">{cost.delta_monthly === null ? TEXTS.noPrice : moneyDelta(cost.delta_monthly)}</div>
        {cost.delta_monthly !== null && (
          <span className="dim">
            {TEXTS.perMonth}
            {cost.delta_hourly !== null && Number(cost.delta_hourly) !== 0 && ` · ${hourly(cost.delta_hourly)} ${TEXTS.perHour}`}
          </span>
        )}
      </div>
      {cost.before_monthly !== null && cost.after_monthly !== null && (
        <dl className="ba">
          <dt>{TEXTS.now}</dt>
          <dd>{money(cost.before_monthly)}</dd>
          <dt>{TEXTS.after}</dt>
          <dd className="b">{money(cost.after_monthly)}</dd>
        </dl>
      )}
    </div>
  );
}

function Steps({ plan }: { readonly plan: Plan }) {
  const { steps } = plan;
  const firstFinal = steps.findIndex(({ reversible }) => !reversible);
  if (steps.length === 0) return null;
  return (
    <div className="ps">
      <h3>{TEXTS.steps}</h3>
      <ol className="stp">
        {steps.map((step, index) => (
          <li key={step.name}>
            <span>{index + 1}</span>
            <span>
              {step.does}
              {index === firstFinal && <span className="pv" aria-hidden="true" />}
            </span>
            <span>{index === firstFinal ? TEXTS.noUndo : step.undo ? TEXTS.undo(step.undo) : ''}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

interface ThingsProps {
  readonly title: string;
  readonly things: readonly PlannedThing[];
  readonly bad?: boolean;
}

function Things({ title, things, bad = false }: ThingsProps) {
  if (things.length === 0) return null;
  return (
    <div className="ps">
      <h3>{title}</h3>
      <ul className="stp two-col">
        {things.map((thing) => (
          <li key={`${thing.kind}/${thing.name}`}>
            <span>
              <b style={{ fontWeight: 550, color: bad ? 'var(--bad)' : undefined }}>{thing.name ?? kindName(thing.kind)}</b>{' '}
              <span className="dim">{[kindName(thing.kind), thing.size_slug, thing.region, thing.why].filter(Boolean).join(' · ')}</span>
            </span>
            <span className="tn">{thing.price?.monthly ? `${money(thing.price.monthly)} / mo` : ''}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Changes({ changes }: Pick<Plan, 'changes'>) {
  if (changes.length === 0) return null;
  return (
    <div className="ps">
      <h3>{TEXTS.changes}</h3>
      <ul className="stp two-col">
        {changes.map((change) => (
          <li key={`${change.name}/${change.field}`}>
            <span>
              {change.name && <b style={{ fontWeight: 550 }}>{change.name} </b>}
              <span className="dim">{fieldName(change.field)}</span>
            </span>
            <span style={{ color: 'var(--ink)' }}>
              {valueText(change.from)} → <b style={{ fontWeight: 600 }}>{valueText(change.to)}</b>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function DowntimeLine({ downtime: { expected, why, typical_seconds: seconds } }: Pick<Plan, 'downtime'>) {
  if (!expected) return null;
  return (
    <div className="ps">
      <h3>{TEXTS.downtime}</h3>
      <p>{[why, seconds !== null && TEXTS.about(seconds)].filter(Boolean).join(', ')}</p>
    </div>
  );
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  max_droplets: 'Droplets',
  max_vcpus: 'vCPU',
  max_volume_gib: 'Volumes, GiB',
  max_snapshots: 'Snapshots',
  max_monthly_cost: 'Cost a month',
  open_sagas: 'Open requests',
  max_destroys_per_hour: 'Destroys an hour',
};

/** One bar for each limit: used solid, this order hatched. */
function Limits({ limits }: Pick<Plan, 'limits'>) {
  const shown = limits.filter(({ limit, requested }) => SHORT_NAMES[limit] && Number(requested) > 0);
  if (shown.length === 0) return null;
  return (
    <div className="ps">
      <h3>
        {TEXTS.limits}
        <span>{TEXTS.limitsSub}</span>
      </h3>
      <div className="lm">
        {shown.map(({ limit, allowed, used, reserved, requested, ok }) => {
          const before = Number(sumOf([String(used), String(reserved)]));
          const most = allowed === null ? null : Number(allowed);
          const share = (value: number) => (most ? Math.min(100, (value / most) * 100) : 0);
          return (
            <div key={limit} style={{ display: 'contents' }}>
              <span className="mid">{SHORT_NAMES[limit]}</span>
              <span className="meter">
                <i style={{ width: `${share(before)}%` }} />
                <i
                  className="more"
                  style={{ left: `${share(before)}%`, width: `${Math.min(100 - share(before), share(Number(requested)))}%`, right: 'auto' }}
                />
              </span>
              <span className="num" style={{ color: ok ? 'var(--ink-2)' : 'var(--bad)' }}>
                {count(before)} + {count(Number(requested))} of {most === null ? TEXTS.unlimited : count(most)}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
