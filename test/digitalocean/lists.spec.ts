import { IncompleteListError } from '#libs/digitalocean';
import { pagedList, sendJson } from './scripted-provider';
import { aList, newWorld, readAll, type World } from './world';

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

it('fetches the next page while the consumer works on the current one, and none that nobody wants', async () => {
  world.provider.script = pagedList('droplets', 1_000);
  for await (const page of world.client().list(aList())) {
    while (world.provider.seen.length < 2) await new Promise(setImmediate);
    expect(page.page).toBe(1);
    break;
  }
  expect(world.provider.seen).toHaveLength(2);
});

it('TEN-8: reads on at its own origin when the links name another host', async () => {
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
  'ends an endless list (total $total) at the first page without a new id, as incomplete',
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

it('INV-4: a total that changes between pages makes the list incomplete, after everything was handed out', async () => {
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

it('INV-4: a page shifted by a deletion and a creation makes the list incomplete although the total stays', async () => {
  world.provider.script = ({ url }) => {
    const page = Number(url.searchParams.get('page'));
    const first = page * 200 - 199 + (page > 1 ? 1 : 0); // one of the first page is gone: 201 slipped through
    const ids = page > 2 ? [] : Array.from({ length: page === 1 ? 200 : 100 }, (_, place) => ({ id: first + place }));
    return { droplets: ids, links: page === 1 ? { pages: { next: 'x' } } : {}, meta: { total: 301 } };
  };
  const read = await readAll(world.client().list(aList()));
  expect(read.ids).toHaveLength(300);
  expect(read.error).toMatchObject({ reason: 'count_mismatch' });
});

it('goes on by the total when the link to the next page is missing', async () => {
  world.provider.script = (request, response) => ({ ...(pagedList('droplets', 401)(request, response) as object), links: {} });
  const read = await readAll(world.client().list(aList()));
  expect(read.error).toBeUndefined();
  expect(read.ids).toHaveLength(401);
});

it('reads a server that gives fewer per page than asked for', async () => {
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
  { answer: { droplets: null, meta: { total: 0 } }, error: { code: 'malformed_answer' }, what: 'the collection is null' },
  {
    answer: { droplets: [{ name: 'x' }], meta: { total: 1 } },
    error: { code: 'incomplete_list', reason: 'unreadable_item' },
    what: 'an object has no id',
  },
  { answer: [], error: { code: 'malformed_answer' }, what: 'the answer is a list' },
  { answer: { droplets: [], meta: { total: '0' } }, error: { code: 'malformed_answer' }, what: 'the total is text' },
  { answer: { droplets: [{ id: 1 }], links: {} }, error: { code: 'incomplete_list', reason: 'no_total' }, what: 'there is no total' },
])('INV-4: never ends normally when $what', async ({ answer, error }) => {
  world.provider.script = () => answer;
  expect((await readAll(world.client().list(aList()))).error).toMatchObject(error);
});

it('INV-4: an object that cannot be read is left out: the rest of its page and the pages after it are read, and the list is incomplete', async () => {
  world.provider.script = (request, response) => {
    const page = pagedList('droplets', 450)(request, response) as { droplets: { id: unknown }[] };
    if (request.url.searchParams.get('page') === '2') page.droplets[7] = { id: { nested: true } };
    return page;
  };
  const read = await readAll(world.client().list(aList()));
  expect(read.ids).toHaveLength(449);
  expect(read.pages.map((page) => page.items.length)).toEqual([200, 199, 50]);
  expect(read.error).toMatchObject({ code: 'incomplete_list', reason: 'unreadable_item', cause: { code: 'malformed_answer' } });
  expect(world.provider.seen).toHaveLength(3); // no repetition would help
});

it('a mistake of ours in reading an object is not taken for one of the provider', async () => {
  world.provider.script = pagedList('droplets', 1);
  const parse = () => {
    throw new RangeError('ours');
  };
  expect((await readAll(world.client().list({ ...aList(), parse }))).error).toMatchObject({ message: 'ours' });
});

it('OPS-10: ends an endless list of ever new ids as soon as it holds more than it promised', async () => {
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

it('INV-4: a page that stays broken ends the list with its error, after the pages before it', async () => {
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
    return undefined; // the second page never comes
  };
  const read = await readAll(world.client().list({ ...aList(), signal: controller.signal }));
  expect(read.ids).toHaveLength(200);
  expect(read.error).toMatchObject({ message: 'shutting down' });
});
