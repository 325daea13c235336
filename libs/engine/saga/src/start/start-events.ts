import type { AuditContext } from '#libs/audit';
import type { NewEvent } from '#libs/events';
import { isUuid } from '#libs/kernel';
import type { ApprovalDecision } from '../entities/saga-approval.entity';
import type { SagaRun } from '../entities/saga-run.entity';
import type { GuardedStart, Judgement } from './acceptance-guard';

/** The resource that the input names, and the name of what it orders, for the audit log and the events. */
export function targetOf({
  resource_id: resourceId,
  name,
  dns_record_name: record,
  dns_domain: zone,
}: GuardedStart['input']): Record<string, string> {
  const target_name =
    typeof name === 'string' ? name : typeof record === 'string' && typeof zone === 'string' ? `${record} in ${zone}` : undefined;
  return { ...(typeof resourceId === 'string' && { resource_id: resourceId }), ...(target_name !== undefined && { target_name }) };
}

/** The run that an event is about: an accepted start, or a stored run. */
interface RunOfEvent {
  readonly id: string;
  readonly kind: string;
  readonly input: GuardedStart['input'];
  readonly ownerId: string | null;
}

function sagaEvent(type: NewEvent['type'], { id, kind, input, ownerId }: RunOfEvent, { by }: AuditContext, data = {}): NewEvent {
  const { resource_id: resourceId = '', target_name: name } = targetOf(input);
  const subject = { type: 'saga', id, kind, name };
  return { type, tenantId: ownerId, actor: by, source: 'saga', subject, resourceId: isUuid(resourceId) ? resourceId : null, data };
}

type JudgedStart = RunOfEvent & { readonly because: AuditContext; readonly judgement: Judgement };

/** A start that needs a decision begins with it: until then it needs the attention of a person. */
export function startEvents({ because, judgement: { approval }, ...run }: JudgedStart): NewEvent[] {
  if (!approval) return [sagaEvent('saga.started', run, because)];
  return attentionFor(sagaEvent('saga.awaiting_approval', run, because, { why: approval.why }));
}

const attentionFor = (event: NewEvent): NewEvent[] => [event, { ...event, type: 'saga.needs_attention' }];

const DECIDED: Record<ApprovalDecision, NewEvent['type']> = {
  approved: 'saga.started',
  rejected: 'saga.rejected',
  expired: 'saga.rejected',
  cancelled: 'saga.rolled_back',
};

/** The end of the wait for a decision. The reason stays in the audit log, as that of every operator. */
export const decisionEvent = (run: RunOfEvent, decision: ApprovalDecision, because: AuditContext): NewEvent =>
  sagaEvent(DECIDED[decision], run, because, { decision });

/** The events of verbs by their audit actions. The end of a saga has the event of its checkpoint. */
const VERB_EVENTS: Readonly<Record<string, NewEvent['type']>> = {
  saga_paused: 'saga.paused',
  saga_resumed: 'saga.resumed',
  saga_output_proposed: 'saga.awaiting_approval',
};

/** A change that a person made to a saga. The reason stays in the audit log. */
export const verbEvents = (
  { id, kind, input, tenantId: ownerId }: Pick<SagaRun, 'id' | 'kind' | 'input' | 'tenantId'>,
  action: string,
  because: AuditContext,
  details: Readonly<Record<string, unknown>> = {},
): NewEvent[] => {
  const event = sagaEvent(VERB_EVENTS[action] ?? 'saga.changed', { id, kind, input, ownerId }, because, { action, ...details });
  return event.type === 'saga.awaiting_approval' ? attentionFor(event) : [event];
};

/** A repeated start must not fill the record: each process appends one event per tenant, code and minute. */
const REFUSAL_EVERY_MS = 60_000;

/** The refusals of limits that are worth an event. */
export class RefusalEvents {
  private readonly lastMs = new Map<string, number>();

  /** The events of starts that a limit refused, and what to call once they are committed. */
  of(starts: readonly (GuardedStart & { readonly because: AuditContext; readonly judgement: Judgement | undefined })[]): {
    readonly events: readonly NewEvent[];
    readonly committed: () => void;
  } {
    const nowMs = performance.now();
    const fresh = new Map<string, NewEvent>();
    for (const { kind, input, ownerId, because, judgement } of starts) {
      const limits = judgement?.limits.filter(({ ok }) => !ok) ?? [];
      if (!judgement?.refusal || ownerId === null || limits.length === 0) continue;
      const { code } = judgement.refusal;
      const key = `${code}/${ownerId}`;
      if (nowMs - (this.lastMs.get(key) ?? -Infinity) < REFUSAL_EVERY_MS) continue;
      const subject = { type: 'tenant', id: ownerId };
      const data = { code, kind, ...targetOf(input), limits };
      fresh.set(key, { type: 'limit.refused', tenantId: ownerId, actor: because.by, source: 'saga', subject, data });
    }
    const committed = () => {
      for (const key of fresh.keys()) this.lastMs.set(key, nowMs);
    };
    return { events: [...fresh.values()], committed };
  }
}
