import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const HEADER = 'product,group_description,description,hours,start,end,USD,project_name,category\n';
const LINES_A_PIECE = 400;
const ACCOUNT = { uuid: 'streamed', team: { uuid: 'streamed', name: 'Streamed' } };

/**
 * A provider that generates invoices of any length while it sends them. The number of an invoice is its number of lines, at
 * one cent each.
 */
export class StreamedInvoices {
  private readonly server: Server;

  private constructor(private readonly lengths: readonly number[]) {
    this.server = createServer((request, response) => void this.answer(new URL(request.url ?? '', 'http://x').pathname, response));
  }

  static async of(lengths: readonly number[]): Promise<StreamedInvoices> {
    const invoices = new StreamedInvoices(lengths);
    invoices.server.listen(0, '127.0.0.1');
    await once(invoices.server, 'listening');
    return invoices;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async answer(path: string, response: ServerResponse): Promise<void> {
    const [, number, part] = /\/invoices\/streamed-(\d+)(?:\/(.*))?$/.exec(path) ?? [];
    const lines = Number(number);
    if (part === 'csv') return sendDocument(response, lines);
    const list = (key: string, rows: object[], total = rows.length) => ({ [key]: rows, links: {}, meta: { total } });
    const headers = this.lengths.map((length) => ({
      invoice_uuid: `streamed-${length}`,
      invoice_id: String(length),
      amount: amount(length),
      invoice_period: '2026-04',
    }));
    const bodies: Record<string, object> = {
      '/v2/account': { account: ACCOUNT },
      '/v2/projects/default': { project: { owner_uuid: ACCOUNT.uuid } },
      '/v2/customers/my/billing_history': list('billing_history', []),
      '/v2/customers/my/invoices': list('invoices', headers),
    };
    const ofOne = part === 'summary' ? { amount: amount(lines) } : list('invoice_items', [], Number.MAX_SAFE_INTEGER);
    response.setHeader('content-type', 'application/json').end(JSON.stringify(bodies[path] ?? ofOne));
  }
}

const amount = (lines: number): string => (lines / 100).toFixed(2);

/** Each chunk has times of its own, so that a cache of parsed times which retains its chunks would show as memory growth. */
async function sendDocument(response: ServerResponse, lines: number): Promise<void> {
  response.setHeader('content-type', 'text/csv').write(HEADER);
  for (let from = 0; from < lines; from += LINES_A_PIECE) {
    const start = new Date(Date.UTC(2026, 3, 1) + from * 1_000).toISOString().slice(0, 19).replace('T', ' ');
    let text = '';
    for (let n = from; n < Math.min(lines, from + LINES_A_PIECE); n += 1)
      text += `Droplets,,"host-${n}.example.com (s-1vcpu-1gb, syd1)",720,${start} +0000,2026-04-30 23:59:59 +0000,$0.01,project-${n % 20},iaas\n`;
    if (!response.write(text)) await once(response, 'drain');
  }
  response.end();
}
