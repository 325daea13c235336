import { inspect } from 'node:util';
import { NotFoundAtProviderError, ProviderError } from '#libs/digitalocean';
import { isRetryable } from '#libs/kernel';
import { ScriptedProvider, sendHtml, sendJson, type Script } from '../../support/scripted-provider';
import { TOKEN, aCreate, aGet, errorOf, newWorld, type World } from '../../support/client-world';

let world: World;
beforeAll(async () => {
  world = await newWorld({ ratePerMinute: 10_000, ratePerHour: 100_000, callTimeoutMs: 300 });
});
afterAll(() => world.close());
beforeEach(() => world.reset());

const truncated: Script = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 });
  response.write('{"droplet":{"id"', () => response.destroy());
};
const TRANSIENT_FAULTS: [string, Script, string][] = [
  ['a 503 in JSON', (_r, response) => sendJson(response, 503, { id: 'service_unavailable', message: 'down' }), 'provider_unavailable'],
  ['a 524 in HTML', (_r, response) => sendHtml(response, 524), 'provider_unavailable'],
  ['a bot check: 403 in HTML', (_r, response) => sendHtml(response, 403), 'provider_unavailable'],
  ['a foreign 404', (_r, response) => response.writeHead(404).end('404 page not found'), 'provider_unavailable'],
  ['a 200 in HTML', (_r, response) => sendHtml(response, 200), 'malformed_answer'],
  ['a cut body', truncated, 'malformed_answer'],
  ['a body that is no JSON', (_r, response) => response.end('{"droplet":'), 'malformed_answer'],
  ['a body of another shape', () => ({ droplet: { id: null } }), 'malformed_answer'],
  ['a missing key', () => ({ id: 1 }), 'malformed_answer'],
  ['a broken connection', (_r, response) => response.destroy(), 'provider_unavailable'],
  ['no answer within the time limit', () => undefined, 'provider_unavailable'],
  ['a redirect', (_r, response) => response.writeHead(302, { location: '/elsewhere' }).end(), 'malformed_answer'],
];

it.each(TRANSIENT_FAULTS)('repeats a read three times at most after %s [SAG-19]', async (_name, script, code) => {
  world.provider.script = script;
  const error = await errorOf(world.client().get(aGet));
  expect(error).toMatchObject({ code });
  expect(isRetryable(error)).toBe(true);
  expect(world.provider.seen).toHaveLength(4);
});

it.each(TRANSIENT_FAULTS)('succeeds with a read once %s has passed [SAG-19]', async (_name, script) => {
  world.provider.script = (request, response) => (world.provider.seen.length < 3 ? script(request, response) : { droplet: { id: 7 } });
  await expect(world.client().get(aGet)).resolves.toBe('7');
  expect(world.provider.seen).toHaveLength(3);
});

it.each(TRANSIENT_FAULTS)('never repeats a write, and reports an unknown outcome after %s [SAG-19]', async (_name, script) => {
  world.provider.script = script;
  const error = await errorOf(world.client().send(aCreate));
  expect(error).toMatchObject({ code: 'unknown_outcome' });
  expect(isRetryable(error)).toBe(false);
  expect(world.provider.seen).toHaveLength(1);
});

it('reports that a write did not happen when there was no connection', async () => {
  const stoppedProvider = await ScriptedProvider.start();
  const { url } = stoppedProvider;
  await stoppedProvider.stop();
  const client = world.client({ url });
  await expect(client.send(aCreate)).rejects.toMatchObject({ code: 'provider_unavailable' });
});

it.each([
  { status: 400, id: 'bad_request', message: 'no', code: 'refused_by_provider' },
  { status: 403, id: 'forbidden', message: 'You are not authorized', code: 'forbidden_by_provider' },
  { status: 404, id: 'not_found', message: 'deleted', code: 'not_found_at_provider' },
  { status: 409, id: 'conflict', message: 'duplicate name', code: 'refused_by_provider' },
  { status: 412, id: 'precondition_failed', message: 'not empty', code: 'refused_by_provider' },
  { status: 422, id: 'unprocessable_entity', message: 'Droplet already has a pending event.', code: 'refused_by_provider' },
  { status: 422, id: 'unprocessable_entity', message: 'Data needs to end with a dot (.)', code: 'refused_by_provider' },
  { status: 409, id: 'conflict', message: 'pending event', code: 'refused_by_provider' },
])('takes $status "$message" as final: $code', async ({ status, id, message, code }) => {
  world.provider.script = (_request, response) => sendJson(response, status, { id, message, request_id: 'req-body' });
  for (const call of [() => world.client().get(aGet), () => world.client().send(aCreate)]) {
    await expect(call()).rejects.toMatchObject({ code, status, providerCode: id, requestId: 'req-1' });
  }
  expect(world.provider.seen).toHaveLength(2);
});

it('sends the given body, and takes an empty 204 as success', async () => {
  world.provider.script = (_request, response) => response.writeHead(204).end();
  const untag = { purpose: 'provisioning', method: 'DELETE', path: '/v2/tags/a%20b/resources', body: { resources: [] } } as const;
  await expect(world.client().send(untag)).resolves.toBeUndefined();
  expect(world.provider.seen[0]).toMatchObject({
    method: 'DELETE',
    body: '{"resources":[]}',
    headers: { authorization: `Bearer ${TOKEN}` },
  });
  expect(world.provider.seen[0]?.url.pathname).toBe('/v2/tags/a%20b/resources');
});

it.each([
  '/v2/droplets/../account',
  '/v2/droplets/%2e%2e/account',
  '//evil.example/v2/x',
  ':99999',
  '/v2/droplets?tag_name=',
  '/v2/a\\b',
  '/x',
])('refuses to call %s, which would lead to another address [TEN-8]', async (path) => {
  for (const call of [() => world.client().get({ ...aGet, path }), () => world.client().send({ ...aCreate, path })]) {
    await expect(call()).rejects.toMatchObject({ code: 'unusable_path', category: 'invalid' });
  }
  expect(world.provider.seen).toHaveLength(0);
});

it.each(['.', '..'])(
  'fails for the id "%s" with a typed error that neither means a missing object nor costs a call [TEN-8]',
  async (id) => {
    const error = await errorOf(world.client().get({ ...aGet, path: `/v2/droplets/${encodeURIComponent(id)}` }));
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).not.toBeInstanceOf(NotFoundAtProviderError);
    expect(isRetryable(error)).toBe(false);
    expect(await world.database.query('select 1 from provider_calls')).toEqual([]);
  },
);

it('follows no redirect, so that the token reaches no other host [TEN-8]', async () => {
  const other = await ScriptedProvider.start();
  world.provider.script = (_request, response) => response.writeHead(307, { location: `${other.url}/v2/droplets/1` }).end();
  await expect(world.client().get(aGet)).rejects.toMatchObject({ code: 'malformed_answer' });
  await expect(world.client().send(aCreate)).rejects.toMatchObject({ code: 'unknown_outcome' });
  expect(world.provider.seen.length).toBeGreaterThan(1);
  expect(other.seen).toHaveLength(0);
  await other.stop();
});

it.each([
  ...TRANSIENT_FAULTS,
  ['an echoing refusal', (r, response) => sendJson(response, 400, { id: 'x', message: `you sent ${r.headers.authorization}` }), ''],
  ['an echoing page', (r, response) => response.writeHead(422).end(`<p>${r.headers.authorization}</p>`), ''],
  ['a rejected token', (_r, response) => sendJson(response, 401, { id: 'unauthorized', message: 'Unable to authenticate you.' }), ''],
] satisfies [string, Script, string][])('shows no token, header or body in the error after %s [TEN-8]', async (_name, script) => {
  world.provider.script = script;
  const error = await errorOf(world.client().send(aCreate));
  expect(world.provider.seen).toHaveLength(1);
  expect(error).toBeInstanceOf(Error);
  const printed = `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)} ${String(error)} ${(error as Error).stack}`;
  expect(printed).not.toMatch(/dop_v1|authorization/i);
});

it('keeps 200 characters of an endless error message [OPS-10]', async () => {
  world.provider.script = (_request, response) => response.writeHead(400).end('no\u0000\u001b[31m'.repeat(1_000_000));
  const error = (await errorOf(world.client().send(aCreate))) as Error;
  expect(error.message.length).toBeLessThan(260);
  expect(error.message).not.toMatch(/\p{Cc}/u);
});

it('aborts a body that is too large [OPS-10]', async () => {
  const large = Buffer.alloc(65 * 1024 * 1024, ' ');
  world.provider.script = (_request, response) => response.end(large);
  const put = { ...aCreate, method: 'PUT', timeoutMs: 10_000 } as const; // a write: one transfer is enough
  await expect(world.client().send(put)).rejects.toMatchObject({ code: 'unknown_outcome', message: expect.stringContaining('oversized') });
});

it('returns only what PostgreSQL can store [OPS-10]', async () => {
  world.provider.script = (_request, response) => response.end(String.raw`{"droplet":{"id":"a\u0000b\ud800c\ud83d\ude00\\u0000"}}`);
  await expect(world.client().get(aGet)).resolves.toBe('a\ufffdb\ufffdc\u{1f600}\\u0000');
});

it('keeps ids above 2^31 exact', async () => {
  world.provider.script = () => ({ droplet: { id: 3_169_590_176 } });
  await expect(world.client().get(aGet)).resolves.toBe('3169590176');
});

it('reports that it is not configured without a token, and makes no call', async () => {
  const client = world.client({ token: undefined });
  expect(client.configured).toBe(false);
  await expect(client.get(aGet)).rejects.toMatchObject({ code: 'provider_not_configured' });
  expect(world.provider.seen).toHaveLength(0);
});
