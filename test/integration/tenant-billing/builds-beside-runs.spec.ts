import { until } from '../../support/until';
import { newInvoiceWorld, usage, type InvoiceWorld } from './invoice-world';
import { BECAUSE } from './rating-world';

let world: InvoiceWorld;
beforeAll(async () => {
  world = await newInvoiceWorld();
});
afterAll(() => world.close());

const builtRuns = async (): Promise<boolean[]> => {
  const { rows } = await world.owner.query<{ built: boolean }>(
    'select drafts_built_at is not null as built from billing_runs order by finished_at',
  );
  return rows.map(({ built }) => built);
};

it('leaves a run that ends during a build to the next build', async () => {
  await world.closeMonth('2022-01', [usage('acme', '1')]);
  await world.invoices.build('2022-01', BECAUSE);
  const { id } = await world.draftOf('2022-01', 'acme');
  await world.owner.query('begin');
  await world.owner.query('select id from tenant_invoices where id = $1 for update', [id]);
  const build = world.invoices.build('2022-01', BECAUSE);
  const waits = 'select 1 from pg_locks where not granted and pg_backend_pid() = any (pg_blocking_pids(pid))';
  await until(async () => (await world.owner.query(waits)).rows.length > 0, { what: 'the build waits for the draft', withinMs: 30_000 });
  await world.rate('2022-01');
  await world.owner.query('commit');
  await build;
  expect(await builtRuns()).toEqual([true, false]);
  await world.invoices.build('2022-01', BECAUSE);
  expect(await builtRuns()).toEqual([true, true]);
});
