import { newTestWorld, type TestWorld } from '../../support/simulator-world';

describe('the simulated API', () => {
  let world: TestWorld;
  beforeAll(async () => void (world = await newTestWorld()));
  afterAll(() => world.close());
  beforeEach(() => world.control.reset());

  it.each(['', 'dop_v1_other'])('responds with 401 to the token "%s" on every path', async (token) => {
    for (const path of ['/v2/droplets', '/v2/nothing']) {
      expect(await world.call('GET', path, undefined, token)).toMatchObject({
        status: 401,
        body: { id: 'unauthorized', message: 'Unable to authenticate you.' },
      });
    }
  });

  it('responds with a JSON 404 to unknown paths and with 400 to a body that is not JSON', async () => {
    expect(await world.call('GET', '/v2/nothing')).toMatchObject({
      status: 404,
      body: { id: 'not_found', request_id: expect.any(String) },
    });
    const headers = { authorization: `Bearer ${world.simulator.token}` };
    const broken = await fetch(`${world.simulator.url}/v2/droplets`, { method: 'POST', headers, body: '{"name":' });
    expect({ status: broken.status, body: await broken.json() }).toMatchObject({
      status: 400,
      body: { message: 'error parsing request body' },
    });
  });

  it('sends the same request id in the header and in the error', async () => {
    const { headers, body } = await world.call('GET', '/v2/droplets/1');
    expect(body).toMatchObject({ request_id: headers.get('x-request-id') });
  });

  it('tolerates trailing slashes and unknown query parameters', async () => {
    expect((await world.call('GET', '/v2/droplets/?per_page=200&foo=bar')).body.droplets).toHaveLength(60);
  });

  it('pages with absolute links on its own host, first and prev not on page 1, next and last not on the last', async () => {
    const page = async (number: number) => (await world.call('GET', `/v2/droplets?per_page=25&page=${number}&tag_name=env:prod`)).body;
    const [one, two] = [await page(1), await page(2)];
    expect(Object.keys(one.links.pages ?? {})).toEqual(['next', 'last']);
    expect(new URL(one.links.pages?.next ?? '')).toMatchObject({
      origin: world.simulator.url,
      pathname: '/v2/droplets',
      search: expect.stringContaining('page=2'),
    });
    const last = await page(Math.ceil(one.meta.total / 25));
    expect(Object.keys(last.links.pages ?? {})).toEqual(['first', 'prev']);
    expect(one.droplets.map(({ id }) => id)).not.toContain(two.droplets[0]?.id);
    expect((await world.call('GET', '/v2/projects?per_page=200')).body.links).toEqual({});
  });

  it('uses the public host in links when it is configured', async () => {
    await world.control.change({ settings: { public_url: 'https://api.digitalocean.com' } });
    expect((await world.call('GET', '/v2/droplets')).body.links.pages?.next).toMatch('https://api.digitalocean.com/v2/droplets?page=2');
  });

  it.each([
    ['', 20],
    ['?per_page=500', 60],
    ['?per_page=0', 20],
    ['?per_page=x&page=-1', 20],
  ])('treats %s as a page of %d', async (query, count) => {
    expect((await world.call('GET', `/v2/droplets${query}`)).body.droplets).toHaveLength(count);
  });

  it('refuses a burst above the limit of a token and allows it again as the clock advances; each token has its own windows', async () => {
    await world.control.change({ limits: { per_minute: 5 }, tokens: [world.simulator.token, 'dop_v1_second'] });
    const statuses = await Promise.all(Array.from({ length: 8 }, async () => (await world.call('GET', '/v2/account')).status));
    expect(statuses.filter((status) => status === 429)).toHaveLength(3);
    const refused = await world.call('GET', '/v2/account');
    expect(refused).toMatchObject({ status: 429, body: { id: 'too_many_requests' } });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect((await world.call('GET', '/v2/account', undefined, 'dop_v1_second')).status).toBe(200);
    await world.control.advance(60_000);
    expect((await world.call('GET', '/v2/account')).headers.get('ratelimit-remaining')).toBe(String(5_000 - 6));
  });

  it('records every request in the ledger, never the token', async () => {
    await world.control.forgetCalls();
    await world.call('GET', '/v2/droplets?page=2');
    const [first] = await world.control.calls();
    await world.call('POST', '/v2/tags', { name: 'x' });
    await world.call('GET', '/v2/account', undefined, 'dop_v1_other');
    const rest = await world.control.calls(first?.seq);
    expect(first).toMatchObject({ method: 'GET', path: '/v2/droplets', query: { page: '2' }, status: 200, faults: [] });
    expect(rest.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual(['POST /v2/tags 201', 'GET /v2/account 401']);
    expect(rest[0]?.token_fingerprint).toBe(first?.token_fingerprint);
    expect(rest[1]?.token_fingerprint).not.toBe(first?.token_fingerprint);
    expect(JSON.stringify([first, ...rest])).not.toContain(world.simulator.token);
  });
});
