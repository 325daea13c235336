import { until } from '../../support/until';
import { newTestWorld, type TestWorld } from '../../support/simulator-world';

const SPEC = { name: 'web-01', size: 's-1vcpu-1gb', image: 'ubuntu-24-04-x64', region: 'fra1' };
const CREATE = { method: 'POST', path: '/v2/droplets' };
const LIST = { method: 'GET', path: '/v2/droplets' };

describe('faults', () => {
  let world: TestWorld;
  beforeEach(async () => {
    world = await newTestWorld({ empty: true });
    await world.control.withoutLags();
  });
  afterEach(() => world.close());

  const create = (name = 'web-01'): ReturnType<TestWorld['call']> => world.call('POST', '/v2/droplets', { ...SPEC, name });
  const names = async (query = ''): Promise<string[]> =>
    (await world.call('GET', `/v2/droplets${query}`)).body.droplets.map(({ name }) => name);
  const fired = async (): Promise<number[]> => (await world.control.faultReport()).map((rule) => rule.fired);
  const stored = async (): Promise<number> => (await world.control.account()).droplets.length;

  it.each([
    [{ type: 'status', status: 503 }, 503, /^\{"id":"service_unavailable"/],
    [{ type: 'status', status: 500, body: { id: 'own', message: 'words' } }, 500, /^\{"id":"own"/],
    [{ type: 'status', status: 524 }, 524, /^<!DOCTYPE html>/],
    [{ type: 'status', status: 500, body: 'html' }, 500, /^<!DOCTYPE html>/],
    [{ type: 'status', status: 524, body: 'json' }, 524, /^\{"id":"server_error"/],
    [{ type: 'revoke' }, 401, /^\{"id":"unauthorized"/],
  ] as const)('%j responds instead of the endpoint, without an effect', async (effect, status, text) => {
    await world.control.faults([{ match: CREATE, effect }]);
    const answer = await create();
    expect(answer).toMatchObject({ status, text: expect.stringMatching(text) });
    expect({ fired: await fired(), stored: await stored() }).toEqual({ fired: [1], stored: 0 });
  });

  it('sends retry-after with a status when ms is given', async () => {
    await world.control.faults([{ match: LIST, effect: { type: 'status', status: 429, ms: 1_500 } }]);
    expect((await world.call('GET', '/v2/droplets')).headers.get('retry-after')).toBe('2');
  });

  it.each([
    [{ type: 'reset' }, 0],
    [{ type: 'reset', after: true }, 1],
    [{ type: 'lose_answer' }, 1],
    [{ type: 'late_commit', ms: 60_000 }, 0],
  ] as const)('%j breaks the connection and leaves %d droplets', async (effect, count) => {
    await world.control.faults([{ match: CREATE, effect }]);
    await expect(create()).rejects.toThrow('fetch failed');
    expect({ fired: await fired(), stored: await stored() }).toEqual({ fired: [1], stored: count });
  });

  it.each([{ type: 'status', status: 500, after: true } as const, { type: 'status', status: 502, after: 'effect' } as const])(
    '%j returns an error although the request took effect',
    async (effect) => {
      await world.control.faults([{ match: CREATE, effect }]);
      expect((await create()).status).toBe(effect.status);
      expect({ fired: await fired(), stored: await stored() }).toEqual({ fired: [1], stored: 1 });
    },
  );

  it('late_commit takes effect later, after the connection is closed, and sends a status on request', async () => {
    await world.control.faults([{ match: CREATE, effect: { type: 'late_commit', ms: 30_000, status: 504 } }]);
    expect((await create()).status).toBe(504);
    await world.control.faults([]);
    expect(await names()).toEqual([]);
    await world.control.advance(30_000);
    expect(await names()).toEqual(['web-01']);
  });

  it('holds a request until the rule is removed; the effect comes with the release', async () => {
    await world.control.faults([{ id: 'hold', match: CREATE, effect: { type: 'hold' } }]);
    const answer = create();
    await world.control.untilHeld('hold');
    expect(await stored()).toBe(0);
    await world.control.faults([]);
    expect((await answer).status).toBe(202);
  });

  it.each([true, 'effect'] as const)('holds only the response with after: %p', async (after) => {
    await world.control.faults([{ id: 'hold', match: CREATE, effect: { type: 'hold', after } }]);
    const answer = create();
    await world.control.untilHeld('hold');
    expect(await stored()).toBe(1);
    await world.control.faults([]);
    expect((await answer).status).toBe(202);
  });

  it('continues to hold and count when a rule is sent again unchanged', async () => {
    const rule = { id: 'hold', match: CREATE, effect: { type: 'hold' as const } };
    await world.control.faults([rule]);
    const answer = create();
    await world.control.untilHeld('hold');
    const [report] = await world.control.faults([rule, { id: 'other', effect: { type: 'delay', ms: 1 } }]);
    expect(report).toMatchObject({ id: 'hold', fired: 1, held: 1 });
    await world.control.faults([]);
    expect((await answer).status).toBe(202);
  });

  it('drops a held request when its client closes the connection: the request never takes effect', async () => {
    await world.control.faults([{ id: 'hold', match: CREATE, effect: { type: 'hold' } }]);
    const closed = new AbortController();
    const headers = { authorization: `Bearer ${world.simulator.token}` };
    const request = fetch(`${world.simulator.url}/v2/droplets`, {
      method: 'POST',
      headers,
      body: JSON.stringify(SPEC),
      signal: closed.signal,
    });
    await world.control.untilHeld('hold');
    closed.abort();
    await expect(request).rejects.toThrow('aborted');
    await until(async () => (await world.control.faultReport())[0]?.held === 0);
    await world.control.faults([]);
    expect(await stored()).toBe(0);
  });

  it('delays a response', async () => {
    await world.control.faults([{ match: LIST, effect: { type: 'delay', ms: 120 } }]);
    const start = performance.now();
    await world.call('GET', '/v2/droplets');
    expect(performance.now() - start).toBeGreaterThanOrEqual(115);
  });

  it('truncates the JSON within a complete HTTP response', async () => {
    await world.control.faults([{ match: LIST, effect: { type: 'truncate' } }]);
    const { status, text } = await world.call('GET', '/v2/droplets');
    expect(status).toBe(200);
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
  });

  describe('lists', () => {
    beforeEach(async () => {
      await world.control.reset({ empty: true });
      await world.control.withoutLags();
    });
    beforeEach(async () => {
      await world.control.change({ droplets: Array.from({ length: 9 }, (_, n) => ({ name: `d${n}` })) });
    });

    const walk = async (): Promise<{ seen: string[]; totals: number[] }> => {
      const pages = await Promise.all([1, 2, 3].map((page) => world.call('GET', `/v2/droplets?per_page=3&page=${page}`)));
      return { seen: pages.flatMap(({ body }) => body.droplets.map(({ name }) => name)), totals: pages.map(({ body }) => body.meta.total) };
    };

    it.each([
      ['drops', [9, 8, 8]],
      ['stays', [9, 9, 9]],
    ])('page_shift makes a naive client miss an item; the total %s', async (total, totals) => {
      await world.control.faults([{ match: LIST, effect: { type: 'page_shift', body: { total } } }]);
      expect(await walk()).toEqual({ seen: ['d0', 'd1', 'd2', 'd4', 'd5', 'd6', 'd7', 'd8'], totals });
      expect(await fired()).toEqual([2]);
      await world.control.faults([]);
      expect((await walk()).seen).toContain('d3');
    });

    it('hide empties a list without an error, or thins it with a matching total', async () => {
      await world.control.faults([{ match: LIST, effect: { type: 'hide' } }]);
      expect((await world.call('GET', '/v2/droplets')).body).toMatchObject({ droplets: [], meta: { total: 0 } });
      const { droplets } = await world.control.account();
      await world.control.faults([{ match: LIST, effect: { type: 'hide', body: { ids: [droplets[0]?.id] } } }]);
      expect((await world.call('GET', '/v2/droplets?per_page=200')).body.meta.total).toBe(8);
      expect(await names()).not.toContain('d0');
      await world.control.faults([{ match: LIST, effect: { type: 'hide', body: { ratio: 0.5 } } }]);
      const { body } = await world.call('GET', '/v2/droplets?per_page=200');
      expect(body.droplets.length).toBe(body.meta.total);
      expect(body.meta.total).toBeLessThan(9);
      expect((await world.call('GET', `/v2/droplets/${droplets[0]?.id}`)).status).toBe(200);
    });
  });

  it('other_account returns the ids of another account, always the same one', async () => {
    const before = (await world.call('GET', '/v2/account')).body.account;
    await world.control.faults([{ match: { path: '*' }, effect: { type: 'other_account' } }]);
    const other = (await world.call('GET', '/v2/account')).body.account;
    const project = (await world.call('GET', '/v2/projects/default')).body.project;
    expect(other.uuid).not.toBe(before.uuid);
    expect(other.team.uuid).not.toBe(before.team.uuid);
    expect(project.owner_uuid).toBe(other.team.uuid);
    expect((await world.call('GET', '/v2/account')).body.account).toEqual(other);
  });

  it('matches by method, path with wildcards, query subset, nth and times', async () => {
    await world.control.faults([
      { id: 'nth', match: { method: 'get', path: '/v2/*/default', nth: 2 }, effect: { type: 'status', status: 500 } },
      { id: 'query', match: { ...LIST, query: { tag_name: 'blue' } }, times: 1, effect: { type: 'status', status: 502, body: 'json' } },
    ]);
    const statusOf = async (path: string): Promise<number> => (await world.call('GET', path)).status;
    expect([
      await statusOf('/v2/projects/default'),
      await statusOf('/v2/projects/default'),
      await statusOf('/v2/projects/default/'),
    ]).toEqual([200, 500, 200]);
    expect([await statusOf('/v2/droplets?page=1'), await statusOf('/v2/droplets?page=1&tag_name=blue')]).toEqual([200, 502]);
    expect(await statusOf('/v2/droplets?tag_name=blue')).toBe(200);
    expect(await fired()).toEqual([1, 1]);
  });

  it('draws a probability from the seed: the same seed, the same requests fail', async () => {
    const run = async (): Promise<number[]> => {
      await world.control.reset({ seed: 7 });
      await world.control.faults([{ match: { path: '/v2/account', probability: 0.5 }, effect: { type: 'status', status: 500 } }]);
      const statuses: number[] = [];
      for (let n = 0; n < 20; n++) statuses.push((await world.call('GET', '/v2/account')).status);
      return statuses;
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(new Set(first)).toEqual(new Set([200, 500]));
  });

  it('records in the ledger which rules fired for a request', async () => {
    await world.control.faults([
      { id: 'slow', match: LIST, effect: { type: 'delay', ms: 1 } },
      { id: 'cut', match: LIST, effect: { type: 'truncate' } },
    ]);
    await world.call('GET', '/v2/droplets');
    expect((await world.control.calls()).at(-1)).toMatchObject({ path: '/v2/droplets', faults: ['slow', 'cut'] });
  });

  it.each([
    [{ effect: { type: 'explode' } }, 'effect.type'],
    [{ effect: { type: 'delay' } }, 'ms'],
    [{ match: { pth: '/v2' }, effect: { type: 'reset' } }, 'pth'],
    [{ match: { nth: 0 }, effect: { type: 'reset' } }, 'nth'],
  ])('refuses the rule %j, which would never fire as meant', async (rule, word) => {
    await expect(world.control.faults([rule as never])).rejects.toThrow(word);
  });
});
