import { SellPrices, type ListPrice, type SellPriceSource, type SoldThing, type TenantRates, type Unpriced } from '#libs/catalog';
import { Database, type Queryable } from '#libs/database';
import { cached, Money } from '#libs/kernel';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DEFAULT_CARD } from '../entities/rate-card.entity';
import { firstDay, secondsOf } from '../months';
import { unitPrice } from '../pricing/price-lines';
import { RateChooser, type CardInForce, type PricePlan } from '../pricing/price-plan';
import type { MonthlyTerms, RateModel } from '../pricing/rate-model';
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
select distinct on (c.id) c.id as card_id, c.name, coalesce(c.id = (${DEFAULT_CARD('$1::date')}), false) as is_default, v.version, v.digest, v.monthly,
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

/** SQL: the tenants that were closed in all of a month, also those that are open again. $1 first day of the month. */
export const CLOSED_TENANTS = `
select id from tenants where status = 'closed' and closed_at < $1::date::timestamp at time zone 'UTC'
 union
select tenant_id from tenant_closures
 where closed_at < $1::date::timestamp at time zone 'UTC' and opened_at >= ($1::date + interval '1 month') at time zone 'UTC'`;

/** Set-based: all of them at once. */
const CLOSED = `select id from (${CLOSED_TENANTS}) closed order by id collate "C"`;

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
    const closed = await tx.query<{ id: string }>(CLOSED, [period]);
    return {
      closed: new Set(closed.map(({ id }) => id)),
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

/** Other processes see a changed card after this time; the process that changed it sees it at once. */
const FRESH_MS = 1_000;
const LIMIT_MS = 5_000;

/**
 * The sell prices of this moment, for everything that tenants read and order: the card and the overrides that count in the present month choose the rate
 * of a thing exactly as they choose that of its line, and its model prices the line of a whole month.
 */
@Injectable()
export class CardPrices implements SellPriceSource, OnModuleInit {
  private reading: (() => Promise<PricePlan>) | undefined;
  private period = '';

  constructor(
    private readonly database: Database,
    private readonly plans: PricePlanReader,
    private readonly sellPrices: SellPrices,
  ) {}

  onModuleInit(): void {
    this.sellPrices.use(this);
  }

  /** Call it after a change of cards or overrides was committed. */
  forget(): void {
    this.reading = undefined;
  }

  async ratesOf(tenantId: string): Promise<TenantRates | null> {
    const period = firstDay(new Date().toISOString());
    if (period !== this.period) this.forget();
    this.period = period;
    this.reading ??= cached(() => this.plans.read(this.database, period), { freshMs: FRESH_MS, limitMs: LIMIT_MS });
    const plan = await this.reading();
    const layers = [
      plan.tenantOverrides.get(tenantId) ?? [],
      (plan.cards.get(tenantId) ?? plan.standard)?.rates ?? [],
      plan.standard?.rates ?? [],
    ];
    const rates = [...layers, ...plan.resourceOverrides.values()].flat();
    if (rates.every(({ model }) => isPassThrough(model)) && plan.standard) return null;
    const chooser = new RateChooser(plan, tenantId);
    return {
      tags: [...new Set(rates.flatMap(({ selector }) => selector.tag ?? []))].sort(),
      resources: [...plan.resourceOverrides.keys()].sort(),
      sell: (price, thing) => sellPrice(chooser, price, thing, secondsOf(period)),
    };
  }
}

/** Sells for what the provider charges, whatever that is. */
function isPassThrough(model: RateModel): boolean {
  if (model.type !== 'cost_plus') return false;
  const { percent, fixed_per_resource_month: fixed, min_margin: least } = model;
  return [percent, fixed, least ?? '0'].every((amount) => Money.parse(amount).isZero());
}

const ESTIMATE = 'list price: what is paid depends on everything that is used in the month';

function sellPrice(chooser: RateChooser, price: ListPrice, thing: SoldThing, monthSeconds: number): ListPrice | Unpriced {
  const machine = partAt(chooser, price, thing, monthSeconds);
  const carried = price.backups && { ...thing, kind: 'droplet_backup', product: 'Droplet Backups' };
  const backups = price.backups && carried && partAt(chooser, price.backups, carried, monthSeconds);
  if (!machine || backups === undefined) return { unpriced: 'no_rate' };
  const notes = [price.note, machine.isSold && (!backups || backups.isSold) ? null : ESTIMATE].filter((note) => note !== null);
  return {
    ...price,
    hourly: machine.hourly,
    monthly: machine.monthly,
    source: machine.isOfCard || backups?.isOfCard ? 'rate_card' : price.source,
    note: notes.length === 0 ? null : notes.join('; '),
    backups: price.backups && backups && { ...price.backups, hourly: backups.hourly, monthly: backups.monthly },
  };
}

/** Undefined without a rate. `isSold`: false where only the list price can be told. `isOfCard`: false for a price that passes the list price through. */
function partAt(chooser: RateChooser, list: Pick<ListPrice, 'hourly' | 'monthly'>, thing: SoldThing, monthSeconds: number) {
  const { resourceId } = thing;
  const chosen = chooser.choose({ ...thing, project_id: thing.projectId }, resourceId);
  if (!chosen) return undefined;
  const amounts = { hourly: Money.parse(list.hourly), monthly: Money.parse(list.monthly) };
  const { model } = chosen.rate;
  const sold = unitPrice(model, amounts, resourceId, monthSeconds);
  const { hourly, monthly } = sold ?? amounts;
  const isSold = sold !== null;
  return { hourly: hourly.toAmountText(), monthly: monthly.toAmountText(), isSold, isOfCard: isSold && !isPassThrough(model) };
}
