import { Money } from '../../libs/kernel/src/money';
import type { PricePlan } from '../../libs/features/tenant-billing/src/pricing/price-plan';
import type { RateModel } from '../../libs/features/tenant-billing/src/pricing/rate-model';
import type { Rate } from '../../libs/features/tenant-billing/src/pricing/selector';
import type { PieceRow } from '../../libs/features/tenant-billing/src/rating/stage.sql';
import { MONTH_S, TENANT, type Month } from './random-tenant-month';

/** Amounts of the second way are whole numbers of 10^-10, the finest that a line has. */
const ONE = 10n ** 10n;
const read = (text: string): bigint => Money.parse(text).toUnits(10);
/** a × b ÷ c, a half away from zero. */
function share(a: bigint, b: bigint, c: bigint): bigint {
  const size = a < 0n ? -a : a;
  const rounded = (2n * size * b + c) / (2n * c);
  return a < 0n ? -rounded : rounded;
}

interface Line {
  readonly resource: string;
  readonly buy: bigint;
  /** With the sign of `buy`. */
  readonly quantity: bigint;
  readonly seconds: number;
  readonly rate: Rate | undefined;
}

/** The rate by trying every one of a layer, without any order of them. */
function naiveRate({
  plan,
  ...of
}: {
  plan: PricePlan;
  piece: Pick<PieceRow, 'kind' | 'sku' | 'region' | 'tags' | 'resource_id'>;
}): Rate | undefined {
  const { kind, sku, region, tags, resource_id } = of.piece;
  const fits = ({ selector }: Rate) =>
    [
      [selector.kind, kind],
      [selector.region, region],
    ].every(([wanted, given]) => wanted === undefined || wanted === given) &&
    (selector.sku === undefined || (sku !== null && new RegExp(`^${selector.sku.replaceAll('*', '.*')}$`).test(sku))) &&
    (selector.tag === undefined || tags.includes(selector.tag));
  const worth = ({ selector, priority, id }: Rate) =>
    Object.keys(selector).length * 1_000 + priority * 100 - Number(id.replace('rate-', '')) / 100;
  const layers = [
    plan.resourceOverrides.get(resource_id ?? '') ?? [],
    plan.tenantOverrides.get(TENANT) ?? [],
    plan.cards.get(TENANT)?.rates ?? [],
    plan.standard?.rates ?? [],
  ];
  for (const layer of layers) {
    let best: Rate | undefined;
    for (const rate of layer) if (fits(rate) && (!best || worth(rate) > worth(best))) best = rate;
    if (best) return best;
  }
  return undefined;
}

const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((all, one) => all + one, 0n);
const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** What all lines of one rate cost together, in 10^-10. */
function naivePrice(model: RateModel, lines: readonly Line[]): bigint {
  const scopes = (scope: string) =>
    scope === 'tenant'
      ? [lines]
      : [...new Set(lines.map(({ resource }) => resource))].map((one) => lines.filter(({ resource }) => resource === one));
  const units = (of: readonly Line[]) => most(0n, sum(of.map(({ quantity }) => quantity)));
  switch (model.type) {
    case 'free':
      return 0n;
    case 'cost_plus': {
      const charged = new Set(
        lines.filter(({ buy, resource }) => buy >= 0n && !resource.startsWith('none')).map(({ resource }) => resource),
      );
      const margins = lines.map(({ buy }) => {
        let margin = share(buy < 0n ? -buy : buy, read(model.percent), 100n * ONE);
        if (model.min_margin !== null) margin = most(margin, read(model.min_margin));
        if (model.max_margin !== null && margin > read(model.max_margin)) margin = read(model.max_margin);
        return buy < 0n ? buy - margin : buy + margin;
      });
      return sum(margins) + BigInt(charged.size) * read(model.fixed_per_resource_month);
    }
    case 'fixed_per_sku':
      return sum(
        lines.map(({ buy, quantity, seconds }) => {
          const sign = buy < 0n ? -1n : 1n;
          if (model.unit === 'hour') return share(quantity, read(model.price), ONE);
          return (
            sign * (model.proration === 'none' ? read(model.price) : share(read(model.price), BigInt(Math.ceil(seconds / 86_400)), 30n))
          );
        }),
      );
    case 'graduated':
      return sum(
        scopes(model.scope).map((of) => {
          let [price, from] = [0n, 0n];
          for (const { up_to, per_unit, flat } of model.tiers) {
            if (units(of) <= from) break;
            const to = up_to === null || units(of) < read(up_to) ? units(of) : read(up_to);
            price +=
              read(flat) +
              share(to > from ? to - from : 0n, read(per_unit), ONE) -
              (to < from ? share(from - to, read(per_unit), ONE) : 0n);
            from = to;
          }
          return price;
        }),
      );
    case 'volume':
      return sum(
        scopes(model.scope).map((of) => {
          const all = sum(of.map(({ quantity }) => quantity));
          const tier = model.tiers.find(({ up_to }) => up_to === null || all <= read(up_to));
          if (!tier || all <= 0n) return 0n;
          return sum(of.map(({ quantity }) => share(quantity, read(tier.per_unit), ONE))) + read(tier.flat);
        }),
      );
    case 'package': {
      const beyond = units(lines) - read(model.free);
      return beyond <= 0n ? 0n : ((beyond + read(model.size) - 1n) / read(model.size)) * read(model.price);
    }
    default:
      return sum(scopes(model.per).map((of) => most(0n, most(0n, sum(of.map(({ buy }) => buy))) - read(model.amount ?? '0'))));
  }
}

/** What the tenant pays for the month before tax, in 10^-10: all lines of a rate at once, without the order of the product. */
export function naiveMonth({ pieces, shares, plan }: Month): bigint {
  const lines: Line[] = pieces.map((piece, at) => {
    const buy = read(piece.amount);
    const whole = piece.hours === null ? ONE : read(piece.hours);
    const isSplit = piece.weight !== piece.of_weight;
    const quantity = isSplit && piece.hours !== null ? share(whole, BigInt(piece.weight), BigInt(piece.of_weight)) : whole;
    const seconds = isSplit ? Number(piece.weight) / 1_000_000 : piece.line_s;
    return {
      resource: piece.resource_id ?? `none-${at}`,
      buy,
      quantity: buy < 0n ? -quantity : quantity,
      seconds,
      rate: naiveRate({ plan, piece }),
    };
  });
  for (const [at, { amount }] of shares.entries()) {
    const piece = { kind: 'shared', sku: null, region: null, tags: [], resource_id: null };
    lines.push({
      resource: `none-share-${at}`,
      buy: amount.toUnits(10),
      quantity: ONE,
      seconds: MONTH_S,
      rate: naiveRate({ plan, piece }),
    });
  }
  const net = sum(
    [...new Set(lines.map(({ rate }) => rate))].map((rate) =>
      rate
        ? naivePrice(
            rate.model,
            lines.filter((one) => one.rate === rate),
          )
        : 0n,
    ),
  );
  const terms = (plan.cards.get(TENANT) ?? plan.standard)?.monthly;
  let all = net;
  if (terms?.discount_percent && net >= 0n) all -= share(net, read(terms.discount_percent), 100n * ONE);
  if (terms?.minimum_commitment) all = most(all, read(terms.minimum_commitment));
  if (terms?.maximum_spend && all > read(terms.maximum_spend)) all = read(terms.maximum_spend);
  return all + (terms?.recurring_fee ? read(terms.recurring_fee) : 0n);
}
