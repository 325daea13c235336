import { IncompleteListError, MalformedAnswerError } from '#libs/digitalocean';
import { pagedList, sendJson } from '../../support/scripted-provider';
import { aList, newWorld, readAll, type World } from '../../support/client-world';

let world: World;
beforeAll(async () => {
  world = await newWorld({ ratePerMinute: 10_000, ratePerHour: 100_000 });
});
afterAll(() => world.close());
beforeEach(() => world.reset());

it.each([
  { items: 0, calls: 1 },
  { items: 1, calls: 1 },
  { items: 200, calls: 1 },
  { items: 201, calls: 2 },
  { items: 1_000, calls: 5 },
])('reads $items objects completely with $calls calls, a page of 200 at a time', async ({ items, calls }) => {
  world.provider.script = pagedList('droplets', items);
  const read = await readAll(world.client().list(aList()));
  expect(read.error).toBeUndefined();
  expect(read.ids).toEqual(Array.from({ length: items }, (_, place) => String(place + 1)));
  expect(world.provider.seen.map(({ url }) => url.search)).toEqual(
    Array.from({ length: calls }, (_, at) => `?page=${at + 1}&per_page=200`),
  );
  expect(read.pages[0]).toMatchObject({ page: 1, total: items, pagesExpected: Math.ceil(items / 200), calls: 1 });
});

it('keeps the filters of the caller on every page', async () => {
  world.provider.script = pagedList('droplets', 201);
  await readAll(world.client().list({ ...aList(), query: { type: 'gpus' } }));
  expect(world.provider.seen.map(({ url }) => url.searchParams.get('type'))).toEqual(['gpus', 'gpus']);
});

it('fetches the next page while the consumer works on the current one, and no page beyond it', async () => {
  world.provider.script = pagedList('droplets', 1_000);
  for await (const page of world.client().list(aList())) {
    while (world.provider.seen.length < 2) await new Promise(setImmediate);
    expect(page.page).toBe(1);
    break;
  }
  expect(world.provider.seen).toHaveLength(2);
});

it('reads the next page from its own origin when the links name another host [TEN-8]', async () => {
  world.provider.script = (request) => {
    const page = Number(request.url.searchParams.get('page'));
    const next = `http://127.0.0.1:1/v2/droplets?page=${page + 1}`;
    return { droplets: [{ id: page }], links: page === 1 ? { pages: { next } } : {}, meta: { total: 2 } };
  };
  const read = await readAll(world.client().list(aList()));
  expect(read).toMatchObject({ ids: ['1', '2'] });
  expect(read.error).toBeUndefined();
});

it.each([{ total: 1 }, { total: 2 }, { total: 50 }])(
  'ends an endless list (total $total) as incomplete at the first page without a new id',
  async ({ total }) => {
    world.provider.script = () => ({
      droplets: [{ id: 3_164_444 }],
      links: {
        pages: { next: 'https://api.digitalocean.com/v2/droplets?page=2', last: 'https://api.digitalocean.com/v2/droplets?page=3' },
      },
      meta: { total },
    });
    const read = await readAll(world.client().list(aList()));
    expect(read.ids).toEqual(['3164444']);
    expect(read.error).toMatchObject({ code: 'incomplete_list', reason: 'repeated_page' });
    expect(world.provider.seen).toHaveLength(2);
  },
);

it('ends a list as incomplete, after all its pages, when the total changes between pages [INV-4]', async () => {
  world.provider.script = (request, response) => {
    const page = pagedList('droplets', 450)(request, response) as { meta: { total: number } };
    if (request.url.searchParams.get('page') === '2') page.meta.total = 449;
    return page;
  };
  const read = await readAll(world.client().list(aList()));
  expect(read.error).toBeInstanceOf(IncompleteListError);
  expect(read.error).toMatchObject({ reason: 'total_changed' });
  expect(read.ids).toHaveLength(450);
});

it('ends a list as incomplete when a deletion and a creation shift a page although the total stays [INV-4]', async () => {
  world.provider.script = ({ url }) => {
    const page = Number(url.searchParams.get('page'));
    const first = page * 200 - 199 + (page > 1 ? 1 : 0); // an object of the first page was deleted, so 201 is skipped
    const ids = page > 2 ? [] : Array.from({ length: page === 1 ? 200 : 100 }, (_, place) => ({ id: first + place }));
    return { droplets: ids, links: page === 1 ? { pages: { next: 'x' } } : {}, meta: { total: 301 } };
  };
  const read = await readAll(world.client().list(aList()));
  expect(read.ids).toHaveLength(300);
  expect(read.error).toMatchObject({ reason: 'count_mismatch' });
});

it('continues by the total when the link to the next page is missing', async () => {
  world.provider.script = (request, response) => ({ ...(pagedList('droplets', 401)(request, response) as object), links: {} });
  const read = await readAll(world.client().list(aList()));
  expect(read.error).toBeUndefined();
  expect(read.ids).toHaveLength(401);
});

it('reads a list from a server that returns fewer objects per page than requested', async () => {
  world.provider.script = (request, response) => {
    request.url.searchParams.set('per_page', '100');
    return pagedList('droplets', 250)(request, response);
  };
  const read = await readAll(world.client().list(aList()));
  expect(read.error).toBeUndefined();
  expect(read.ids).toHaveLength(250);
});

it.each([
  { answer: { links: {}, meta: { total: 0 } }, error: { code: 'malformed_answer' }, what: 'the collection is missing' },
  {
    answer: { droplets: null, meta: { total: 1 } },
    error: { code: 'incomplete_list', reason: 'count_mismatch' },
    what: 'a list of null has a total',
  },
  {
    answer: { droplets: [{ name: 'x' }], meta: { total: 1 } },
    error: { code: 'incomplete_list', reason: 'unreadable_item' },
    what: 'an object has no id',
  },
  { answer: [], error: { code: 'malformed_answer' }, what: 'the answer is a list' },
  { answer: { droplets: [], meta: { total: '0' } }, error: { code: 'malformed_answer' }, what: 'the total is text' },
  { answer: { droplets: [{ id: 1 }], links: {} }, error: { code: 'incomplete_list', reason: 'no_total' }, what: 'there is no total' },
])('never ends a list normally when $what [INV-4]', async ({ answer, error }) => {
  world.provider.script = () => answer;
  expect((await readAll(world.client().list(aList()))).error).toMatchObject(error);
});

it('skips an object that cannot be read, reads the rest of its page and later pages, and ends the list as incomplete [INV-4]', async () => {
  world.provider.script = (request, response) => {
    const page = pagedList('droplets', 450)(request, response) as { droplets: { id: unknown }[] };
    if (request.url.searchParams.get('page') === '2') page.droplets[7] = { id: { nested: true } };
    return page;
  };
  const read = await readAll(world.client().list(aList()));
  expect(read.ids).toHaveLength(449);
  expect(read.pages.map((page) => page.items.length)).toEqual([200, 199, 50]);
  expect(read.error).toMatchObject({ code: 'incomplete_list', reason: 'unreadable_item', cause: { code: 'malformed_answer' } });
  expect(world.provider.seen).toHaveLength(3); // a retry would not help
});

it.each([null, [], '', {}])('reads a collection of %j with a total of 0 as an empty list (A3) [TRU-3]', async (droplets) => {
  world.provider.script = () => ({ droplets, links: {}, meta: { total: 0 } });
  const read = await readAll(world.client().list(aList()));
  expect(read.error).toBeUndefined();
  expect(read.ids).toEqual([]);
});

it('ends a list normally, and names the object and the field, when it can tell which object cannot be read (A3) [TRU-3]', async () => {
  world.provider.script = (request, response) => {
    const page = pagedList('droplets', 450)(request, response) as { droplets: { id: number }[] };
    if (request.url.searchParams.get('page') === '2') page.droplets[7] = { id: 208, broken: true } as { id: number };
    return page;
  };
  const { parse } = aList();
  const refusing = (raw: unknown) => {
    if ('broken' in (raw as object)) throw MalformedAnswerError.ofField('name', 'text');
    return parse(raw);
  };
  const read = await readAll(
    world.client().list({ ...aList(), parse: refusing, idOfUnreadable: (raw) => String((raw as { id: number }).id) }),
  );
  expect(read.error).toBeUndefined();
  expect(read.ids).toHaveLength(449);
  expect(read.pages.flatMap(({ unreadable }) => unreadable)).toEqual([{ id: '208', field: 'name', reason: 'name is not text' }]);
});

it('does not report our own error in reading an object as one of the provider', async () => {
  world.provider.script = pagedList('droplets', 1);
  const parse = () => {
    throw new RangeError('ours');
  };
  expect((await readAll(world.client().list({ ...aList(), parse }))).error).toMatchObject({ message: 'ours' });
});

it('ends an endless list of new ids once it returns more than its total (F) [OPS-10]', async () => {
  world.provider.script = ({ url }) => {
    const first = Number(url.searchParams.get('page')) * 1_000;
    const droplets = Array.from({ length: 200 }, (_, place) => ({ id: first + place }));
    return { droplets, links: { pages: { next: 'https://api.digitalocean.com/v2/droplets?page=2' } }, meta: { total: 500 } };
  };
  const read = await readAll(world.client().list(aList()));
  expect(read.ids).toHaveLength(600);
  expect(read.error).toMatchObject({ code: 'incomplete_list', reason: 'count_mismatch' });
  expect(world.provider.seen).toHaveLength(3);
});

it('ends a list with the error of a page that stays broken, after the pages before it [INV-4]', async () => {
  world.provider.script = (request, response) => {
    if (request.url.searchParams.get('page') !== '2') return pagedList('droplets', 500)(request, response);
    return sendJson(response, 403, { id: 'forbidden', message: 'You are not authorized to perform this operation' });
  };
  const read = await readAll(world.client().list(aList()));
  expect(read.ids).toHaveLength(200);
  expect(read.error).toMatchObject({ code: 'forbidden_by_provider' });
  expect(world.provider.seen).toHaveLength(2);
});

it('stops at once when the caller aborts', async () => {
  const controller = new AbortController();
  world.provider.script = (request, response) => {
    if (request.url.searchParams.get('page') === '1') return pagedList('droplets', 500)(request, response);
    controller.abort(new Error('shutting down'));
    return undefined; // the second page never arrives
  };
  const read = await readAll(world.client().list({ ...aList(), signal: controller.signal }));
  expect(read.ids).toHaveLength(200);
  expect(read.error).toMatchObject({ message: 'shutting down' });
});
