/** Digits after the decimal point of one minor unit: all currencies of the product have cents. */
const MINOR_PLACES = 2;

/** At most this many digits on each side of the decimal point, so that the work on one amount is bounded. */
const MOST_DIGITS = 100;

const DECIMAL = new RegExp(`^(-?)(\\d{1,${MOST_DIGITS}})(?:\\.(\\d{1,${MOST_DIGITS}}))?$`);

/** Kept, because nearly every operation needs one. */
const POWERS: readonly bigint[] = Array.from({ length: 41 }, (_, exponent) => 10n ** BigInt(exponent));
const powerOfTen = (exponent: number): bigint => POWERS[exponent] ?? 10n ** BigInt(exponent);

/** Where a tie goes: away from zero, as `round(numeric)` of PostgreSQL does, or to the even neighbour. */
export type Rounding = 'half_away' | 'half_even';

/**
 * An exact amount of one currency: a whole number of units of `10 ^ -places`. Prices and lines are finer than a cent, so an amount keeps
 * its decimal places, also trailing zeros: `Money.parse(text).toText()` is `text`. Never a float.
 */
export class Money {
  private constructor(
    private readonly units: bigint,
    private readonly places: number,
    readonly currency: string,
  ) {}

  /** Reads plain decimal text such as `-1234.5678`. Throws `RangeError` for anything else. */
  static parse(text: string, currency = 'USD'): Money {
    const [, sign = '', whole = '', fraction = ''] = DECIMAL.exec(text) ?? [];
    if (whole === '') throw new RangeError('the amount is not a decimal number');
    return new Money(BigInt(`${sign}${whole}${fraction}`), fraction.length, currency);
  }

  static ofMinorUnits(minorUnits: bigint, currency = 'USD'): Money {
    return new Money(minorUnits, MINOR_PLACES, currency);
  }

  /** The exact sum of amounts of one currency; zero for none. */
  static sum(amounts: readonly Money[], currency = 'USD'): Money {
    return amounts.reduce((sum, amount) => sum.add(amount), new Money(0n, 0, currency));
  }

  add(other: Money): Money {
    const places = this.commonPlaces(other);
    return new Money(this.unitsAt(places) + other.unitsAt(places), places, this.currency);
  }

  subtract(other: Money): Money {
    const places = this.commonPlaces(other);
    return new Money(this.unitsAt(places) - other.unitsAt(places), places, this.currency);
  }

  /** Multiplies by a plain decimal number, such as a number of hours or a share; as `Money` where it is parsed already. The product is exact; round it where needed. */
  multiply(factor: string | Money): Money {
    const { units, places } = typeof factor === 'string' ? Money.parse(factor, this.currency) : factor;
    return new Money(this.units * units, this.places + places, this.currency);
  }

  /** This amount × numerator ÷ denominator with `places` decimal places, ties away from zero. Throws `RangeError` for a denominator of zero. */
  ratio(numerator: bigint, denominator: bigint, places: number): Money {
    const scaled = this.units * powerOfTen(places) * numerator;
    const divisor = powerOfTen(this.places) * denominator;
    const isNegative = scaled < 0n !== divisor < 0n;
    const size = scaled < 0n ? -scaled : scaled;
    const whole = divisor < 0n ? -divisor : divisor;
    const rounded = (size * 2n + whole) / (whole * 2n);
    return new Money(isNegative ? -rounded : rounded, places, this.currency);
  }

  /**
   * Splits the amount by weights into parts of whole units of `10 ^ -places`, or finer where the amount is finer. The parts add up to it exactly:
   * each gets its share rounded towards zero, and the rest goes, a unit each, to the largest remainders; ties go to the earlier part.
   * Throws `RangeError` unless the weights are whole numbers, none below zero, with a sum above zero.
   */
  allocate(weights: readonly bigint[], places = MINOR_PLACES): Money[] {
    const total = weights.reduce((sum, weight) => sum + weight, 0n);
    if (total <= 0n || weights.some((weight) => weight < 0n)) throw new RangeError('weights must be at least zero, with a sum above zero');
    const used = Math.max(places, this.places);
    const units = this.unitsAt(used);
    const size = units < 0n ? -units : units;
    const parts = weights.map((weight) => (size * weight) / total);
    const rest = Number(size - parts.reduce((sum, part) => sum + part, 0n));
    const remainders = weights.map((weight, at) => ({ at, remainder: (size * weight) % total }));
    remainders.sort((a, b) => (a.remainder === b.remainder ? a.at - b.at : a.remainder > b.remainder ? -1 : 1));
    for (const { at } of remainders.slice(0, rest)) parts[at] = (parts[at] ?? 0n) + 1n;
    return parts.map((part) => new Money(units < 0n ? -part : part, used, this.currency));
  }

  /** Whether the amount is below zero. */
  isNegative(): boolean {
    return this.units < 0n;
  }

  negate(): Money {
    return new Money(-this.units, this.places, this.currency);
  }

  /** The amount in units of `10 ^ -places`, towards zero: a weight for `allocate`. */
  toUnits(places: number): bigint {
    return places >= this.places ? this.unitsAt(places) : this.units / powerOfTen(this.places - places);
  }

  /** Negative when this amount is smaller than the other, 0 when they are equal, however many decimal places they have. */
  compare(other: Money): -1 | 0 | 1 {
    const places = this.commonPlaces(other);
    const difference = this.unitsAt(places) - other.unitsAt(places);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  equals(other: Money): boolean {
    return this.compare(other) === 0;
  }

  isZero(): boolean {
    return this.units === 0n;
  }

  /** The amount with exactly `places` digits after the decimal point. */
  round(places: number, rounding: Rounding): Money {
    if (places >= this.places) return new Money(this.unitsAt(places), places, this.currency);
    const divisor = powerOfTen(this.places - places);
    const size = this.units < 0n ? -this.units : this.units;
    const floor = size / divisor;
    const twiceRest = (size % divisor) * 2n;
    const up = twiceRest > divisor || (twiceRest === divisor && (rounding === 'half_away' || floor % 2n === 1n));
    const rounded = up ? floor + 1n : floor;
    return new Money(this.units < 0n ? -rounded : rounded, places, this.currency);
  }

  /** The same amount without decimal places that are zero: `0.2` for `0.20`, and `0` for zero. */
  trim(): Money {
    let [units, places] = [this.units, this.places];
    for (; places > 0 && units % 10n === 0n; places -= 1) units /= 10n;
    return places === this.places ? this : new Money(units, places, this.currency);
  }

  /** The form of every amount in the API: at least two decimal places, and no zeros after them. `0.00`, `12.50`, `0.00744`. */
  toAmountText(): string {
    const text = this.toText();
    const [whole = '', fraction = ''] = text.split('.');
    return `${whole}.${fraction.replace(/0+$/, '').padEnd(MINOR_PLACES, '0')}`;
  }

  /** Whole cents, rounded. Safe as a number of JSON up to 90 trillion units of the currency; throws `RangeError` beyond. */
  toMinorUnits(rounding: Rounding): number {
    const minor = Number(this.round(MINOR_PLACES, rounding).units);
    if (!Number.isSafeInteger(minor)) throw new RangeError('the amount is too large for a whole number of minor units');
    return minor;
  }

  /** Plain decimal text with all decimal places of the amount. */
  toText(): string {
    const digits = String(this.units < 0n ? -this.units : this.units).padStart(this.places + 1, '0');
    const sign = this.units < 0n ? '-' : '';
    return this.places === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -this.places)}.${digits.slice(-this.places)}`;
  }

  toString(): string {
    return `${this.toText()} ${this.currency}`;
  }

  toJSON(): string {
    return this.toText();
  }

  private commonPlaces(other: Money): number {
    if (other.currency !== this.currency) throw new TypeError(`${this.currency} and ${other.currency} cannot be combined`);
    return Math.max(this.places, other.places);
  }

  private unitsAt(places: number): bigint {
    return places === this.places ? this.units : this.units * powerOfTen(places - this.places);
  }
}
