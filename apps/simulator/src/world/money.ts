/** Whole cents of a decimal text ("-12.3", "1044.00"); undefined when it is none, or finer than cents. */
export function centsOf(text: string): number | undefined {
  const match = /^(-?)(\d{1,13})(?:\.(\d{1,2}))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '0', part = ''] = match;
  const cents = Number(whole) * 100 + Number(part.padEnd(2, '0'));
  return sign === '-' && cents !== 0 ? -cents : cents;
}

/** "-12.30": how JSON answers write cents. */
export function moneyText(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The exact sum of amounts as they are stored. */
export function sumOfAmounts(records: readonly { amount: string }[]): number {
  return records.reduce((sum, { amount }) => sum + (centsOf(amount) ?? 0), 0);
}
