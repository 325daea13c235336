import { Writable } from 'node:stream';
import { isRetryable } from '#libs/kernel';
import { sendHtml, sendJson, type Script } from '../../support/scripted-provider';
import { aGet, errorOf, newWorld, type World } from '../../support/client-world';

const DOCUMENT = { purpose: 'billing', path: '/v2/customers/my/invoices/1/csv' } as const;
const TEXT = 'product,description,USD\nDroplets,web,$1.00\n'.repeat(1_000);

let world: World;
beforeAll(async () => {
  world = await newWorld({ ratePerMinute: 10_000, ratePerHour: 100_000, callTimeoutMs: 300 });
});
afterAll(() => world.close());
beforeEach(() => world.reset());

/** The bytes that each attempt wrote. */
class RecordedSinks {
  readonly attempts: string[] = [];
  readonly openSink = (): Writable => {
    const attempt = this.attempts.push('') - 1;
    return new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.attempts[attempt] += chunk.toString();
        done();
      },
    });
  };
}

const complete: Script = (_request, response) => void response.writeHead(200, { 'content-type': 'text/csv' }).end(TEXT);
const truncated: Script = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/csv', 'content-length': TEXT.length });
  response.write(TEXT.slice(0, 5_000), () => response.destroy());
};

it('writes the document as it arrives', async () => {
  world.provider.script = complete;
  const sinks = new RecordedSinks();
  await world.client().download({ ...DOCUMENT, openSink: sinks.openSink });
  expect(sinks.attempts).toEqual([TEXT]);
});

it.each<[string, Script, string, number]>([
  ['a document that breaks off', truncated, 'provider_unavailable', 4],
  ['a page of a proxy', (_r, response) => sendHtml(response, 200), 'malformed_answer', 4],
  ['an outage', (_r, response) => sendJson(response, 503, { id: 'service_unavailable', message: 'down' }), 'provider_unavailable', 0],
])(
  'repeats a download three times at most after %s, and opens a sink only for an accepted response [SAG-19]',
  async (_name, script, code, opened) => {
    world.provider.script = script;
    const sinks = new RecordedSinks();
    const error = await errorOf(world.client().download({ ...DOCUMENT, openSink: sinks.openSink }));
    expect(error).toMatchObject({ code });
    expect(isRetryable(error)).toBe(true);
    expect(world.provider.seen).toHaveLength(4);
    expect(sinks.attempts).toHaveLength(opened);
  },
);

it('does not count a full disk of ours as a failure of the provider [OPS-2]', async () => {
  world.provider.script = (request, response) =>
    request.url.pathname.endsWith('csv') ? complete(request, response) : { droplet: { id: 7 } };
  const full = () => new Writable({ write: (_chunk, _encoding, done) => done(new Error('ENOSPC: no space left on device')) });
  const client = world.client();
  for (let times = 0; times < 8; times += 1) {
    await expect(client.download({ ...DOCUMENT, openSink: full })).rejects.toThrow('ENOSPC');
  }
  expect(world.provider.seen).toHaveLength(8);
  await expect(client.get(aGet)).resolves.toBe('7');
});
