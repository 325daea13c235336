import { libraryName, readText, roomOf, rooms, sourceFiles, type SourceFile } from './source-tree';

/** The libraries that each library may import, as in the table of docs/architecture.md. */
const BELOW_FEATURES = [
  'kernel',
  'config',
  'observability',
  'runtime',
  'database',
  'identity',
  'audit',
  'events',
  'outbox',
  'digitalocean',
  'outbound-http',
];
const MAY_IMPORT: Record<string, readonly string[]> = {
  kernel: [],
  config: ['kernel'],
  observability: ['kernel', 'config'],
  runtime: ['kernel', 'config', 'observability'],
  database: ['kernel', 'config', 'observability'],
  identity: ['kernel', 'config', 'observability'],
  audit: ['kernel', 'config', 'observability', 'database'],
  events: ['kernel', 'config', 'observability', 'database', 'identity', 'audit'],
  'outbound-http': ['kernel', 'config'],
  outbox: ['kernel', 'config', 'observability', 'database'],
  queues: ['kernel', 'config', 'observability', 'database'],
  digitalocean: ['kernel', 'config', 'observability', 'database'],
  'local-stack': ['kernel', 'config', 'identity'],
  saga: ['kernel', 'config', 'observability', 'runtime', 'database', 'audit', 'events', 'identity'],
  tenants: BELOW_FEATURES,
  accounts: [...BELOW_FEATURES, 'tenants'],
  catalog: BELOW_FEATURES,
  inventory: [...BELOW_FEATURES, 'tenants', 'accounts', 'catalog'],
  provisioning: [...BELOW_FEATURES, 'tenants', 'accounts', 'saga', 'inventory', 'catalog'],
  drift: [...BELOW_FEATURES, 'tenants', 'accounts', 'saga', 'inventory', 'provisioning', 'catalog'],
  'provider-billing': [...BELOW_FEATURES, 'tenants', 'accounts', 'inventory', 'catalog'],
  notifications: [...BELOW_FEATURES, 'tenants'],
  costs: [...BELOW_FEATURES, 'tenants', 'accounts', 'inventory', 'catalog', 'provider-billing'],
  'tenant-billing': [...BELOW_FEATURES, 'tenants', 'accounts', 'inventory', 'catalog', 'provider-billing', 'costs'],
};

const isTest = (file: SourceFile) => file.path.endsWith('.spec.ts');
const product = sourceFiles('apps', 'libs').filter((file) => !isTest(file));
const edges = product.flatMap((file) => file.imports.map((imported) => ({ file, imported, into: roomOf(file, imported) })));

it('lets a library import only libraries that its layer allows', () => {
  const wrong = edges.filter(({ file, into }) => {
    if (!into || into === file.room || !file.room.startsWith('libs/')) return false;
    return !MAY_IMPORT[libraryName(file.room)]?.includes(libraryName(into));
  });
  expect(wrong.map(({ file, imported }) => `${file.path} imports ${imported}`)).toEqual([]);
  expect(rooms('libs').filter((room) => !MAY_IMPORT[libraryName(room)])).toEqual([]);
});

it('lets a library or app be imported only through its entry point', () => {
  const wrong = edges.filter(({ file, imported, into }) => into !== undefined && into !== file.room && !imported.startsWith('#libs/'));
  expect(wrong.map(({ file, imported }) => `${file.path} imports ${imported}`)).toEqual([]);
});

it('shares no code between the simulator and the product, nor between apps', () => {
  const wrong = edges.filter(
    ({ file, into }) => into !== undefined && into !== file.room && (file.room === 'apps/simulator' || into.startsWith('apps/')),
  );
  expect(wrong.map(({ file, imported }) => `${file.path} imports ${imported}`)).toEqual([]);
});

it('keeps HTTP and queues out of the domain libraries, and controllers and processors in apps', () => {
  const wrong = edges.filter(
    ({ file, imported }) =>
      file.room.startsWith('libs/') &&
      (/express|bullmq/.test(imported) || imported === '#libs/queues') &&
      file.room !== 'libs/platform/queues',
  );
  expect(wrong.map(({ file, imported }) => `${file.path} imports ${imported}`)).toEqual([]);
  expect(
    product.filter((file) => /\.(controller|processor)\.ts$/.test(file.path) && !file.path.startsWith('apps/')).map((file) => file.path),
  ).toEqual([]);
});

it('requires a README in every library that describes ownership, limits, words, invariants and failures', () => {
  for (const room of rooms('libs')) {
    const readme = readText(`${room}/README.md`) ?? '';
    const missing = ['Owns', 'Does not own', 'Words', 'Invariants', 'Failure'].filter((heading) => !readme.includes(`## ${heading}`));
    expect({ room, missing }).toEqual({ room, missing: [] });
    expect(readme.split('\n').length).toBeLessThanOrEqual(62);
  }
});

it('keeps files short: a median below 90 lines, and no file above 300 lines but migrations', () => {
  const lengths = product.map((file) => file.lines).sort((a, b) => a - b);
  expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThan(90);
  expect(product.filter((file) => file.lines > 300 && !file.path.includes('/migrations/')).map((file) => file.path)).toEqual([]);
});

it('allows no folder or file with a name without meaning', () => {
  const nameless = product.filter((file) => /(^|\/)(utils?|common|helpers?|shared|misc)(\/|\.)/.test(file.path));
  expect(nameless.map((file) => file.path)).toEqual([]);
});

it('gives every library one entry point with named exports', () => {
  for (const room of rooms('libs')) expect(readText(`${room}/src/index.ts`)).not.toMatch(/export \*/);
});

it('lets only the command line import the local stack', () => {
  const wrong = edges.filter(({ file, imported }) => imported === '#libs/local-stack' && file.room !== 'apps/cli');
  expect(wrong.map(({ file }) => file.path)).toEqual([]);
});

it('lists every app and every library in nest-cli.json and in the imports of package.json', () => {
  const { projects } = JSON.parse(readText('nest-cli.json') ?? '') as { projects: Record<string, { type: string; root: string }> };
  const { imports } = JSON.parse(readText('package.json') ?? '') as { imports: Record<string, string> };
  const named = (type: string) =>
    Object.values(projects)
      .filter((project) => project.type === type)
      .map(({ root }) => root)
      .sort();
  expect(named('application')).toEqual(rooms('apps').sort());
  expect(named('library')).toEqual(rooms('libs').sort());
  const libraries = Object.entries(imports).filter(([name]) => name.startsWith('#libs/'));
  expect(Object.fromEntries(libraries)).toEqual(
    Object.fromEntries(rooms('libs').map((room) => [`#libs/${libraryName(room)}`, `./dist/${room}/src/index.js`])),
  );
});
