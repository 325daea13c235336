import { readText, roomOf, rooms, sourceFiles, type SourceFile } from './source-tree';

/** Who may import whom: the table of docs/architecture.md, as the compiler of this house reads it. */
const PLATFORM = ['config', 'database', 'audit', 'queues', 'digitalocean', 'identity', 'observability', 'vault', 'lifecycle', 'retention'];
const MAY_IMPORT: Record<string, readonly string[]> = {
  kernel: [],
  config: ['kernel'],
  observability: ['kernel', 'config'],
  vault: ['kernel', 'config', 'observability'],
  lifecycle: ['kernel', 'config', 'observability', 'vault'],
  database: ['kernel', 'config', 'observability'],
  audit: ['kernel', 'config', 'database', 'observability'],
  retention: ['kernel', 'config', 'database', 'observability'],
  queues: ['kernel', 'config', 'database', 'observability'],
  digitalocean: ['kernel', 'config', 'database', 'observability'],
  identity: ['kernel', 'config', 'observability'],
  saga: ['kernel', 'config', 'database', 'audit', 'identity', 'observability'],
  inventory: ['kernel', ...PLATFORM],
  catalogue: ['kernel', ...PLATFORM],
  billing: ['kernel', ...PLATFORM, 'inventory'],
  provisioning: ['kernel', ...PLATFORM, 'saga', 'inventory', 'catalogue'],
  drift: ['kernel', ...PLATFORM, 'inventory', 'provisioning'],
};

const isTest = (file: SourceFile) => file.path.endsWith('.spec.ts');
const product = sourceFiles('apps', 'libs').filter((file) => !isTest(file));
const edges = product.flatMap((file) => file.imports.map((imported) => ({ file, imported, into: roomOf(file, imported) })));

it('libraries import only what their floor allows', () => {
  const wrong = edges.filter(({ file, into }) => {
    if (!into || into === file.room || !file.room.startsWith('libs/')) return false;
    return !MAY_IMPORT[file.room.slice('libs/'.length)]?.includes(into.slice('libs/'.length));
  });
  expect(wrong.map(({ file, imported }) => `${file.path} imports ${imported}`)).toEqual([]);
  expect(rooms('libs').filter((room) => !MAY_IMPORT[room.slice('libs/'.length)])).toEqual([]);
});

it('a room is entered by its door only', () => {
  const wrong = edges.filter(({ file, imported, into }) => into !== undefined && into !== file.room && !imported.startsWith('#libs/'));
  expect(wrong.map(({ file, imported }) => `${file.path} imports ${imported}`)).toEqual([]);
});

it('the simulator shares no code with the product, and no app imports another', () => {
  const wrong = edges.filter(
    ({ file, into }) => into !== undefined && into !== file.room && (file.room === 'apps/simulator' || into.startsWith('apps/')),
  );
  expect(wrong.map(({ file, imported }) => `${file.path} imports ${imported}`)).toEqual([]);
});

it('inventory knows nothing of HTTP and of queues, and only apps have controllers and processors', () => {
  const wrong = edges.filter(
    ({ file, imported }) =>
      file.room.startsWith('libs/') && (/express|bullmq/.test(imported) || imported === '#libs/queues') && file.room !== 'libs/queues',
  );
  expect(wrong.map(({ file, imported }) => `${file.path} imports ${imported}`)).toEqual([]);
  expect(
    product.filter((file) => /\.(controller|processor)\.ts$/.test(file.path) && !file.path.startsWith('apps/')).map((file) => file.path),
  ).toEqual([]);
});

it('every library has a README that says what it owns, what not, its words, its invariants and its failures', () => {
  for (const room of rooms('libs')) {
    const readme = readText(`${room}/README.md`) ?? '';
    const missing = ['Owns', 'Does not own', 'Words', 'Invariants', 'Failure'].filter((heading) => !readme.includes(`## ${heading}`));
    expect({ room, missing }).toEqual({ room, missing: [] });
    expect(readme.split('\n').length).toBeLessThanOrEqual(62);
  }
});

it('files are short: a median below 90 lines, and none above 300 but migrations', () => {
  const lengths = product.map((file) => file.lines).sort((a, b) => a - b);
  expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThan(90);
  expect(product.filter((file) => file.lines > 300 && !file.path.includes('/migrations/')).map((file) => file.path)).toEqual([]);
});

it('no room is named after nothing', () => {
  const nameless = product.filter((file) => /(^|\/)(utils?|common|helpers?|shared|misc)(\/|\.)/.test(file.path));
  expect(nameless.map((file) => file.path)).toEqual([]);
});

it('a lib has one door, and it names what it lets out', () => {
  for (const room of rooms('libs')) expect(readText(`${room}/src/index.ts`)).not.toMatch(/export \*/);
});
