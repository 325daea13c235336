import { TEXTS } from './texts';

export const PAYMENT_PLACES = [
  { to: '/payments', text: TEXTS.payments },
  { to: '/credit-notes', text: TEXTS.notes },
  { to: '/wallets', text: TEXTS.wallets },
] as const;
