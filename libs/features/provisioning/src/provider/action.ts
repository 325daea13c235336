import { idText, optionalIdText, record, text } from '#libs/digitalocean';

/** What our steps read of an action. Its `status` decides, never `completed_at`, which may stay null (docs/digitalocean-facts.md 1.7). */
export interface Action {
  readonly id: string;
  readonly type: string;
  readonly status: 'in-progress' | 'completed' | 'errored';
  readonly resourceId: string | null;
}

export function parseAction(raw: unknown): Action {
  const action = record(raw, 'action');
  const status = text(action, 'status');
  return {
    id: idText(action, 'id'),
    type: text(action, 'type'),
    status: status === 'completed' || status === 'errored' ? status : 'in-progress',
    resourceId: optionalIdText(action, 'resource_id'),
  };
}
