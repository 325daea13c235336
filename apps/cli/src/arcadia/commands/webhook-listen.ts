import { createHmac, randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { streamedEvents } from '../session/event-stream';
import { usageError } from '../session/failure';
import { atMost, limitOf } from '../session/lists';
import { writeRows, type Row, type Shape } from '../session/output';
import type { CommandBook, Session } from '../session/session';
import { eventFilters, EVENT_FILTER_OPTIONS } from './audit-and-events';

const PREFIX = 'whsec_';
/** As the service itself gives a receiver. */
const TIME_LIMIT_MS = 15_000;

/** A message as the service would send it to an endpoint. */
interface Message {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function addListen(book: CommandBook, group: Command): void {
  book.add(
    group,
    {
      usage: 'listen [url]',
      summary: 'send events as signed messages to an address of this machine, until Ctrl-C; without one, print the messages',
      options: {
        ...EVENT_FILTER_OPTIONS,
        '--after <sequence>': 'begin after this event instead of now',
        '--limit <count>': 'end after so many events',
      },
      examples: [
        'webhook listen http://127.0.0.1:3000/hooks/arcadia --type saga.failed,saga.completed',
        'webhook listen --limit 1',
        'webhook listen http://localhost:3000/hooks --after 1204      # signs with ARCADIA_WEBHOOK_SECRET when it is set',
      ],
    },
    listen,
  );
}

async function listen(session: Session, address?: string): Promise<void> {
  const url = address === undefined ? undefined : localAddress(address);
  const secret = secretOf(session);
  const shape = session.shape(url === undefined ? ['headers', 'body'] : ['sequence', 'type', 'status', 'ms', 'error']);
  const lines: Shape = shape.format === 'json' ? { ...shape, format: 'jsonl' } : shape;
  const events = atMost(streamedEvents(session, eventFilters(session), session.text('after')), limitOf(session));
  try {
    await writeRows(session.terminal, lines, sent(session, events, secret, url));
  } catch (error) {
    if (!session.terminal.signal.aborted) throw error;
  }
}

async function* sent(
  session: Session,
  events: AsyncIterable<readonly Row[]>,
  secret: string,
  url: string | undefined,
): AsyncGenerator<readonly Row[]> {
  for await (const rows of events) {
    for (const event of rows) {
      const message = messageOf(event, secret, Math.floor(session.terminal.now() / 1000));
      yield [url === undefined ? { ...message } : { sequence: event.sequence, type: event.type, ...(await post(session, url, message)) }];
    }
  }
}

/** One attempt: what a receiver under development does not take is seen, and not repeated. */
async function post(
  session: Session,
  url: string,
  { headers, body }: Message,
): Promise<{ status: number | null; ms: number; error: string | null }> {
  const begun = performance.now();
  const msSince = () => Math.round(performance.now() - begun);
  try {
    const signal = AbortSignal.any([session.terminal.signal, AbortSignal.timeout(TIME_LIMIT_MS)]);
    const { status } = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal });
    return { status, ms: msSince(), error: null };
  } catch (error) {
    if (session.terminal.signal.aborted) throw error;
    return {
      status: null,
      ms: msSince(),
      error: error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error),
    };
  }
}

/** The message of an event, signed as Standard Webhooks has it. Its id is that of the event. */
export function messageOf(event: Row, secret: string, timestampS: number): Message {
  const { sequence, id, type, at, tenant_id, actor, source, subject, data } = event as Row & { readonly data: Row | null };
  const resource_id = data?.resource_id;
  const body = JSON.stringify({
    type,
    timestamp: at,
    data: { sequence, id, tenant_id, actor, source, subject, ...(typeof resource_id === 'string' && { resource_id }) },
  });
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64');
  const signature = createHmac('sha256', key)
    .update(`${String(id)}.${timestampS}.${body}`)
    .digest('base64');
  return {
    headers: {
      'content-type': 'application/json',
      'webhook-id': String(id),
      'webhook-timestamp': String(timestampS),
      'webhook-signature': `v1,${signature}`,
    },
    body,
  };
}

/** Throws a usage error for another machine: the events of an installation belong to its own endpoints. */
function localAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url !== undefined && /^https?:$/.test(url.protocol) && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (!isLocal)
    throw usageError(`${text} is not an address of this machine, such as http://127.0.0.1:3000/hooks; create an endpoint for others`);
  return url.href;
}

/** A secret of its own is printed, so that the receiver can be given it. */
function secretOf(session: Session): string {
  const given = session.terminal.env.ARCADIA_WEBHOOK_SECRET;
  if (given) {
    if (!/^whsec_[A-Za-z0-9+/]+=*$/.test(given))
      throw usageError('ARCADIA_WEBHOOK_SECRET must be a secret of a webhook, which begins with whsec_');
    return given;
  }
  const secret = `${PREFIX}${randomBytes(32).toString('base64')}`;
  session.say(`Messages are signed with ${secret}; set ARCADIA_WEBHOOK_SECRET to use another one`);
  return secret;
}
