import { until } from '../../support/until';
import { newInvoiceWorld, usage, type InvoiceWorld } from './invoice-world';
import { BECAUSE } from './rating-world';

let world: InvoiceWorld;
beforeAll(async () => {
  world = await newInvoiceWorld({ DATABASE_POOL_SIZE: '2' });
});
afterAll(() => world.close());

const builtRuns = async (): Promise<boolean[]> => {
  const { rows } = await world.owner.query<{ built: boolean }>(
    'select drafts_built_at is not null as built from billing_runs order by finished_at',
  );
  return rows.map(({ built }) => built);
};

const somebodyWaits = async (): Promise<boolean> => {
  const waits = 'select 1 from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))';
  return (await world.owner.query(waits)).rows.length > 0;
};

it('leaves a run that ends during a build to the next build', async () => {
  await world.closeMonth('2022-01', [usage('acme', '1')]);
  await world.invoices.build('2022-01', BECAUSE);
  const { id } = await world.draftOf('2022-01', 'acme');
  await world.owner.query('begin');
  await world.owner.query('select id from tenant_invoices where id = $1 for update', [id]);
  const build = world.invoices.build('2022-01', BECAUSE);
  await until(somebodyWaits, { what: 'the build waits for the draft', withinMs: 30_000 });
  await world.rate('2022-01');
  await world.owner.query('commit');
  await build;
  expect(await builtRuns()).toEqual([true, false]);
  await world.invoices.build('2022-01', BECAUSE);
  expect(await builtRuns()).toEqual([true, true]);
});

it('completes a run whose progress cannot be written because others have every connection', async () => {
  await world.closeMonth('2022-02', [usage('acme', '1')]);
  await world.owner.query('begin');
  await world.owner.query('lock table rated_lines in exclusive mode');
  const rated = world.rate('2022-02');
  await until(somebodyWaits, { what: 'the rating waits for the lines', withinMs: 30_000 });
  let held = 0;
  let free: () => void = () => undefined;
  const freed = new Promise<void>((resolve) => {
    free = resolve;
  });
  const holders = [1, 2].map(() =>
    world.database.transaction(() => {
      held += 1;
      return freed;
    }),
  );
  await until(() => held === 2, { what: 'all connections are taken', withinMs: 30_000 });
  await world.owner.query('select pg_sleep(1.1)'); // The load: a month that takes long enough for a report
  await world.owner.query('commit');
  const completed = `select 1 from billing_runs where period = '2022-02-01' and status = 'completed'`;
  await until(async () => (await world.owner.query(completed)).rows.length === 2, { what: 'the run is completed', withinMs: 10_000 });
  free();
  await Promise.all([rated, ...holders]);
  expect(await builtRuns()).toEqual([true, true, false, false]);
});
