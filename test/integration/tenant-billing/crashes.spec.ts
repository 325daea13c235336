import { BillingRunService } from '#libs/tenant-billing';
import { newInvoiceWorld, usage, type InvoiceWorld } from './invoice-world';
import { BECAUSE } from './rating-world';

let world: InvoiceWorld;
beforeAll(async () => {
  world = await newInvoiceWorld();
  await world.owner.query(`
    create sequence crash_statements;
    create table crash_at (nth int not null);
    insert into crash_at values (0);
    create function crash() returns trigger language plpgsql security definer as $$
    begin
      if nextval('crash_statements') = (select nth from crash_at) then raise exception 'the process ends here'; end if;
      return null;
    end $$`);
  for (const table of ['rated_lines', 'billing_runs', 'tenant_invoices', 'tenant_invoice_lines'])
    await world.owner.query(
      `create trigger zz_crash after insert or update or delete on ${table} for each statement execute function crash()`,
    );
});
afterAll(() => world.close());

const crashAt = (nth: number) => world.owner.query(`update crash_at set nth = ${nth}; alter sequence crash_statements restart`);

/** The rows of tables of a month as one text. */
async function stored(...tables: readonly string[]): Promise<string> {
  const texts = tables.map((table) => `select coalesce(string_agg(t::text, e'\\n' order by t::text), '') as text from ${table} t`);
  const { rows } = await world.owner.query<{ text: string }>(texts.join(' union all '));
  return rows.map(({ text }) => text).join('\n');
}

/** Fails `work` at its first writing statement, then at its second, and so on until it ends well. Expects the rows of before after each failure. */
async function failAtEach(work: () => Promise<unknown>, tables: readonly string[]): Promise<number> {
  const before = await stored(...tables);
  for (let nth = 1; ; nth += 1) {
    await crashAt(nth);
    const outcome = await work().then(
      () => 'done',
      (error: Error) => error.message,
    );
    await crashAt(0);
    if (outcome === 'done') return nth - 1;
    expect({ nth, outcome }).toEqual({ nth, outcome: expect.stringContaining('the process ends here') as string });
    expect({ nth, isUnchanged: (await stored(...tables)) === before }).toEqual({ nth, isUnchanged: true });
  }
}

it('leaves the rated lines of before at a crash in any statement of a rating, and the drafts of before in any of a build [TBL-2]', async () => {
  await world.closeMonth('2020-01', [usage('acme', '10.005'), usage('acme', '3.00'), usage('birch', '3.333')]);
  await world.invoices.build('2020-01', BECAUSE);
  const first = [await stored('rated_lines'), await stored('tenant_invoices', 'tenant_invoice_lines')];
  await world.owner.query(`update cloud_cost_lines set amount = 4.00 where amount = 3.00`);
  await world.owner.query(`update cloud_invoices set amount = amount + 1`);

  const runs = world.service(BillingRunService);
  let run = '';
  const rate = async () => {
    await world.owner.query('update crash_at set nth = nth + 1'); // the run itself is one statement
    ({ id: run } = await runs.create('2020-01', BECAUSE));
    await runs.run(run);
  };
  expect(await failAtEach(rate, ['rated_lines'])).toBeGreaterThanOrEqual(3);
  expect((await runs.get(run)).status).toBe('completed');
  expect(await stored('rated_lines')).not.toBe(first[0]);

  for (const id of await runs.due(10)) await runs.run(id); // those that crashed before they were claimed

  const build = () => world.invoices.build('2020-01', BECAUSE);
  expect(await failAtEach(build, ['tenant_invoices', 'tenant_invoice_lines'])).toBeGreaterThanOrEqual(2);
  expect(await stored('tenant_invoices', 'tenant_invoice_lines')).not.toBe(first[1]);
  expect(await world.draftOf('2020-01', 'acme')).toMatchObject({ total: '14.01' });
});
