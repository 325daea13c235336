import { TEXTS } from './texts';

export const RATE_PLACES = [
  { to: '/rate-cards', text: TEXTS.cards },
  { to: '/rate-overrides', text: TEXTS.overrides },
] as const;
