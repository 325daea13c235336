import type { Schemas } from '../../client/client';
import { count, money } from '../../parts/format';
import { Card, Facts } from '../../parts/page';
import { TEXTS } from './texts';

type Me = Schemas['MeResponse'];
type Usage = NonNullable<Me['usage']>;
type LimitSet = NonNullable<Me['limits']>;

const usedOf = ({ resources, vcpus, volume_gib: volumes, running_sagas: sagas, monthly_run_rate: rate }: Usage) => ({
  max_droplets: Number(resources.droplet ?? 0),
  max_vcpus: vcpus,
  max_volume_gib: volumes,
  max_snapshots: Number(resources.snapshot ?? 0),
  max_monthly_cost: Number(rate),
  open_sagas: sagas,
});

/** One bar for each limit; above nine tenths it warns. */
export function LimitsCard({ usage, limits }: { readonly usage: Usage; readonly limits: LimitSet }) {
  const used = usedOf(usage);
  const names = Object.keys(used) as (keyof typeof used)[];
  const { rules } = TEXTS;
  return (
    <Card title={TEXTS.limits} right={TEXTS.limitsSub} pad>
      <ul className="bars">
        {names.map((name) => {
          const most = limits[name] === null ? null : Number(limits[name]);
          const share = most === null ? 0 : most === 0 ? 100 : Math.min(100, (used[name] / most) * 100);
          return (
            <li key={name}>
              <span>{TEXTS.names[name]}</span>
              <span className="num tn">{TEXTS.of(Math.round(used[name]), most)}</span>
              <span className="meter">
                <i className={share >= 90 ? 'warn' : 'acc'} style={{ width: `${share}%` }} />
              </span>
            </li>
          );
        })}
      </ul>
      <Facts
        right
        rows={[
          [rules.approval, limits.approval_over_monthly !== null && money(limits.approval_over_monthly)],
          [rules.destroys, limits.max_destroys_per_hour !== null && count(limits.max_destroys_per_hour)],
          [rules.sizes, limits.allowed_sizes?.join(', ') ?? rules.all],
          [rules.regions, limits.allowed_regions?.join(', ') ?? rules.all],
        ]}
      />
    </Card>
  );
}
