/** Decimal places of the currencies that have not two (ISO 4217). */
const OTHER_DECIMALS: Readonly<Record<string, number>> = {
  BIF: 0, CLP: 0, DJF: 0, GNF: 0, ISK: 0, JPY: 0, KMF: 0, KRW: 0, PYG: 0, RWF: 0, UGX: 0, VND: 0, VUV: 0, XAF: 0, XOF: 0, XPF: 0,
  BHD: 3, IQD: 3, JOD: 3, KWD: 3, LYD: 3, OMR: 3, TND: 3,
}; // prettier-ignore

/** Decimal places of a currency: 2, for JPY 0, for KWD 3. */
export const decimalsOf = (currency: string): number => OTHER_DECIMALS[currency] ?? 2;
