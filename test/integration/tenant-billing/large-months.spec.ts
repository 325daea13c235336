import { newInvoiceWorld, usage, type InvoiceWorld } from './invoice-world';
import { BECAUSE } from './rating-world';

let world: InvoiceWorld;
beforeAll(async () => {
  world = await newInvoiceWorld();
});
afterAll(() => world.close());

it('writes at most 20,000 lines of drafts with one statement, however many a tenant has', async () => {
  await world.owner.query(`
    create table written_lines (lines int not null);
    create function count_written_lines() returns trigger language plpgsql security definer as
      $$ begin insert into written_lines select count(*) from added; return null; end $$;
    create trigger count_written_lines after insert on tenant_invoice_lines referencing new table as added
      for each statement execute function count_written_lines()`);
  const of = (tenant: string, count: number) => Array.from({ length: count }, () => usage(tenant, '0.01'));
  await world.closeMonth('2022-01', [...of('acme', 20_500), ...of('birch', 300)]);
  expect(await world.invoices.build('2022-01', BECAUSE)).toMatchObject({ drafts: 2, written: 2 });
  expect(await world.draftOf('2022-01', 'acme')).toMatchObject({ lines: 20_500, total: '205.00' });
  const { rows } = await world.owner.query<{ lines: number }>('select lines from written_lines order by lines');
  expect(rows.map(({ lines }) => lines)).toEqual([300, 500, 20_000]);
});
