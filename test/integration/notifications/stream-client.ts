import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { until } from '../../support/until';

export interface StreamedEvent {
  readonly id: number;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly subject: { readonly name: string } };
}

/** A reader of the stream, as a browser reads it. */
export class StreamClient {
  readonly events: StreamedEvent[] = [];
  heartbeats = 0;
  lastId: string | undefined;
  ended = false;
  /** The reason that the service gave. */
  reason: string | undefined;
  private text = '';

  private constructor(
    private readonly sent: ClientRequest,
    readonly answer: IncomingMessage,
  ) {
    answer.setEncoding('utf8');
    answer.once('close', () => (this.ended = true)).on('error', () => undefined);
  }

  static async open(base: string, headers: Readonly<Record<string, string>>, query = '', from?: string): Promise<StreamClient> {
    const sent = request(`${base}/api/v1/events/stream${query}`, {
      headers: { ...headers, ...(from !== undefined && { 'last-event-id': from }) },
      agent: false,
    });
    sent.on('error', () => undefined).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const client = new StreamClient(sent, answer);
    client.lastId = from;
    return client;
  }

  /** Begins to read. Before it, the socket fills. */
  read(): this {
    this.answer.on('data', (chunk: string) => this.take(chunk));
    return this;
  }

  async reached(count: number): Promise<StreamedEvent[]> {
    await until(() => this.events.length >= count, { what: `${count} events`, withinMs: 20_000 });
    return this.events;
  }

  async end(): Promise<void> {
    await until(() => this.ended, { what: 'the end of the stream', withinMs: 20_000 });
  }

  close(): void {
    this.sent.destroy();
  }

  private take(chunk: string): void {
    this.text += chunk;
    for (let end = this.text.indexOf('\n\n'); end >= 0; end = this.text.indexOf('\n\n')) {
      this.dispatch(this.text.slice(0, end).split('\n'));
      this.text = this.text.slice(end + 2);
    }
  }

  private dispatch(lines: readonly string[]): void {
    const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    if (lines[0]?.startsWith(': ') && lines.length === 1) this.reason = lines[0].slice(2);
    if (lines[0] === ': heartbeat') this.heartbeats += 1;
    this.lastId = field('id') ?? this.lastId;
    const data = field('data');
    if (data !== undefined)
      this.events.push({ id: Number(field('id')), event: field('event') ?? '', data: JSON.parse(data) as StreamedEvent['data'] });
  }
}
