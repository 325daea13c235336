import { authorization, reached, refusal } from './client';
import { EXIT, Failure } from './failure';
import type { Row } from './output';
import type { Session } from './session';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * The events of the stream as they happen, without an end. After a connection that was lost, or ended by the server, it continues behind the last event,
 * so none is missing and none comes twice. `after`: the event behind which it begins; without one, the next event. Throws a `Failure` when the stream cannot be opened at
 * all, and when the API refuses it later for another reason than load.
 */
export async function* streamedEvents(
  session: Session,
  filters: Readonly<Record<string, string>>,
  after: string | undefined,
): AsyncGenerator<readonly Row[]> {
  const { terminal } = session;
  let last = after;
  let hasOpened = false;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      for await (const { id, data } of blocksOf(await open(session, filters, last))) {
        hasOpened = true;
        pauseMs = FIRST_PAUSE_MS;
        last = id ?? last;
        if (data !== undefined) yield [JSON.parse(data) as Row];
      }
      hasOpened = true;
    } catch (error) {
      if (terminal.signal.aborted || !hasOpened || !mayPass(error)) throw error;
      session.say(`arcadia: the stream was interrupted; it is opened again after event ${last ?? 'now'}`);
    }
    await terminal.pause(pauseMs);
  }
}

/**
 * The `sequence` of the last event of the feed, behind which a stream that is opened now begins. Throws a `Failure` when the stream cannot be
 * opened.
 */
export async function lastSequence(session: Session, filters: Readonly<Record<string, string>>): Promise<number> {
  const id = await reached(firstId(await open(session, filters, undefined)));
  if (id === undefined) throw new Failure(EXIT.failed, 'The stream of events ended before it had begun: try again', 'stream_ended');
  return Number(id);
}

async function firstId(response: Response): Promise<string | undefined> {
  for await (const { id } of blocksOf(response)) if (id !== undefined) return id;
  return undefined;
}

/** A server that restarts, or has too much to do. */
const mayPass = (error: unknown): boolean =>
  !(error instanceof Failure) || error.exitCode === EXIT.failed || error.exitCode === EXIT.conflict;

async function open(session: Session, filters: Readonly<Record<string, string>>, last: string | undefined): Promise<Response> {
  const { api, token } = session.endpoint;
  const query = new URLSearchParams(filters).toString();
  const headers = { ...authorization(token), accept: 'text/event-stream', ...(last !== undefined && { 'last-event-id': last }) };
  const url = `${api}/api/v1/events/stream${query && `?${query}`}`;
  const response = await reached(fetch(url, { headers, signal: session.terminal.signal }));
  if (!response.ok) throw refusal(response, await response.json().catch(() => undefined));
  return response;
}

/** The blocks of Server-Sent Events. A block of comments may have an id, too. */
async function* blocksOf({ body }: Response): AsyncGenerator<{ readonly id: string | undefined; readonly data: string | undefined }> {
  if (!body) return;
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) yield { id: fieldOf(block, 'id'), data: fieldOf(block, 'data') };
  }
}

const fieldOf = (block: string, name: string): string | undefined => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1];
