import type { Queryable } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { CardInForce, PricePlan } from '../pricing/price-plan';
import type { MonthlyTerms } from '../pricing/rate-model';
import type { Rate } from '../pricing/selector';

interface CardRow {
  readonly card_id: string;
  readonly name: string;
  readonly is_default: boolean;
  readonly version: number;
  readonly digest: string | null;
  readonly monthly: MonthlyTerms;
  readonly rates: readonly Rate[];
}

/** Set-based: the version of each card that counts in a month. $1 first day of the month, $2 and $3 a version that counts whatever its month, or null. */
const CARDS = `
select distinct on (c.id) c.id as card_id, c.name, c.is_default, v.version, v.digest, v.monthly,
       (select coalesce(json_agg(json_build_object('id', r.id, 'selector', r.selector, 'model', r.model, 'priority', r.priority) order by r.id), '[]')
          from rates r where r.card_id = v.card_id and r.version = v.version) as rates
  from rate_cards c join rate_card_versions v on v.card_id = c.id
 where case when c.id = $2::uuid then v.version = $3::int else v.published_at is not null and v.valid_from <= $1::date end
 order by c.id, v.valid_from desc`;

/** Set-based: the card of each tenant in a month. $1 first day of the month. */
const TENANT_CARDS = `
select distinct on (tenant_id) tenant_id, card_id from tenant_rate_cards where valid_from <= $1::date order by tenant_id, valid_from desc`;

/** Set-based: the overrides that count in a month. $1 first day of the month. */
const OVERRIDES = `
select tenant_id, resource_id, json_build_object('id', id, 'selector', selector, 'model', model, 'priority', priority) as rate
  from rate_overrides where valid_from <= $1::date and (valid_to is null or valid_to > $1::date) order by id`;

/** Reads what decides the prices of a month. */
@Injectable()
export class PricePlanReader {
  /** `instead`: a version that counts for its card whatever its month, published or not. */
  async read(tx: Queryable, period: string, instead?: { readonly cardId: string; readonly version: number }): Promise<PricePlan> {
    const rows = await tx.query<CardRow>(CARDS, [period, instead?.cardId ?? null, instead?.version ?? null]);
    const byId = new Map(rows.map((row) => [row.card_id, cardOf(row)]));
    const standard = rows.find(({ is_default }) => is_default);
    const assigned = await tx.query<{ tenant_id: string; card_id: string | null }>(TENANT_CARDS, [period]);
    const overrides = await tx.query<{ tenant_id: string | null; resource_id: string | null; rate: Rate }>(OVERRIDES, [period]);
    return {
      standard: (standard && byId.get(standard.card_id)) ?? null,
      cards: new Map(
        assigned.flatMap(({ tenant_id, card_id }) => {
          const card = byId.get(card_id ?? '');
          return card ? [[tenant_id, card] as const] : [];
        }),
      ),
      tenantOverrides: grouped(overrides.flatMap(({ tenant_id, rate }) => (tenant_id === null ? [] : [[tenant_id, rate] as const]))),
      resourceOverrides: grouped(
        overrides.flatMap(({ resource_id, rate }) => (resource_id === null ? [] : [[resource_id, rate] as const])),
      ),
    };
  }
}

const cardOf = ({ card_id, name, version, digest, monthly, rates }: CardRow): CardInForce => ({
  cardId: card_id,
  name,
  version,
  digest: digest ?? '',
  monthly,
  rates,
});

function grouped(rates: readonly (readonly [string, Rate])[]): Map<string, Rate[]> {
  const groups = new Map<string, Rate[]>();
  for (const [key, rate] of rates) groups.set(key, [...(groups.get(key) ?? []), rate]);
  return groups;
}
