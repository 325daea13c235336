import type { EventView } from '#libs/events';
import { createHmac, randomBytes } from 'node:crypto';

/** Begins every secret, as Standard Webhooks has it. */
const PREFIX = 'whsec_';
const SECRET_BYTES = 32;
/** Names are written by people; a message stays far below its limit of 20 kB. */
const LONGEST_TEXT = 500;

export const newWebhookSecret = (): string => `${PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;

/** The value of `webhook-signature`: one signature per secret, because the receiver may know the old or the new one. */
export function signatureOf(secrets: readonly string[], id: string, timestampS: number, body: string): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
      return `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`;
    })
    .join(' ');
}

/**
 * The body of a message. It is thin: it has the event and its subject, and the receiver reads the rest in its own scope, which is also how a
 * tenant gets prices in its own view only.
 */
export function webhookBody(event: EventView): string {
  const { sequence, id, type, at, tenant_id, actor, source, subject, data } = event;
  const resource_id = typeof data['resource_id'] === 'string' ? data['resource_id'] : undefined;
  return JSON.stringify({
    type,
    timestamp: at,
    data: {
      sequence,
      id,
      tenant_id,
      actor: short(actor),
      source,
      subject: { type: subject.type, id: short(subject.id), name: short(subject.name), kind: subject.kind },
      ...(resource_id !== undefined && { resource_id }),
    },
  });
}

/** The body of a message that a person asked for. It is no event. */
export function testBody(endpointId: string, at: Date): string {
  return JSON.stringify({ type: TEST_TYPE, timestamp: at.toISOString(), data: { sequence: null, endpoint_id: endpointId } });
}

export const TEST_TYPE = 'webhook.test';

function short(text: string | null): string | null {
  return text === null || text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…`;
}
