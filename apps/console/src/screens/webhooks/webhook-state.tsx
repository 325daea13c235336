import type { Schemas } from '../../client/client';
import { timeOfDay } from '../../parts/format';
import { IconBan, IconCircleCheck, IconPlayerPause, IconRefresh, IconSend, IconSendOff } from '../../parts/icons';
import { Badge } from '../../parts/status';
import { TEXTS } from './texts';

export type Webhook = Schemas['WebhookResponse'];
export type Delivery = Schemas['DeliveryResponse'];

/** Failing is a state of its own for people: the endpoint is still tried. */
export function WebhookState({ webhook, pill = false }: { readonly webhook: Webhook; readonly pill?: boolean }) {
  const { states } = TEXTS;
  if (webhook.status === 'paused')
    return (
      <Badge tone="wait" icon={IconPlayerPause} pill={pill}>
        {states.paused}
      </Badge>
    );
  if (webhook.status === 'disabled')
    return (
      <Badge tone="bad" icon={IconBan} pill={pill}>
        {states.disabled}
      </Badge>
    );
  if (webhook.failing_since !== null)
    return (
      <Badge tone="bad" icon={IconSendOff} pill={pill}>
        {states.failing}
      </Badge>
    );
  return (
    <Badge tone="ok" icon={IconCircleCheck} pill={pill}>
      {states.active}
    </Badge>
  );
}

export function DeliveryState({ delivery: { status, attempts, next_attempt_at: next } }: { readonly delivery: Delivery }) {
  const { states } = TEXTS.log;
  if (status === 'delivered')
    return (
      <Badge tone="ok" icon={IconSend}>
        {states.delivered}
      </Badge>
    );
  if (status === 'failed')
    return (
      <Badge tone="bad" icon={IconSendOff}>
        {states.failed}
      </Badge>
    );
  return (
    <Badge tone={attempts > 0 ? 'warn' : 'info'} icon={IconRefresh}>
      {attempts > 0 && next ? TEXTS.log.next(timeOfDay(next)) : states.pending}
    </Badge>
  );
}
