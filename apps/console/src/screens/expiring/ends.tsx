import type { Resource } from '../../client/client';
import { IconAlertTriangle, IconCircleCheck, IconClockExclamation } from '../../parts/icons';
import { Badge } from '../../parts/status';
import { TEXTS } from './texts';

export const SOON_DAYS = 30;
const VERY_SOON_DAYS = 7;

/** When a certificate, or the support of a database's version, ends; null where the provider names no end. */
export function endOf({ kind, attrs }: Pick<Resource, 'kind' | 'attrs'>): string | null {
  const end = kind === 'certificate' ? attrs.not_after : kind === 'managed_db' ? attrs.supported_until : null;
  return typeof end === 'string' ? end : null;
}

/** How many days are left. The word means the same as the colour. */
export function DaysLeft({ days }: { readonly days: number }) {
  if (days < 0)
    return (
      <Badge tone="bad" icon={IconAlertTriangle}>
        {TEXTS.expired(-days)}
      </Badge>
    );
  if (days < SOON_DAYS)
    return (
      <Badge tone={days < VERY_SOON_DAYS ? 'bad' : 'warn'} icon={IconClockExclamation}>
        {TEXTS.days(days)}
      </Badge>
    );
  return (
    <Badge tone="ok" icon={IconCircleCheck}>
      {TEXTS.days(days)}
    </Badge>
  );
}
