import { TEXTS } from './texts';

/** The screens about what the provider charges and what is made of it. */
export const COST_PLACES = [
  { to: '/costs', text: TEXTS.explorer },
  { to: '/provider-invoices', text: TEXTS.title },
  { to: '/cost-lines', text: TEXTS.lines },
  { to: '/pnl', text: TEXTS.pnl },
] as const;
