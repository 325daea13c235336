import { randomUUID } from 'node:crypto';
import { verifyTenantProof } from '#libs/tenant-billing';
import { newInvoiceWorld, usage, type InvoiceWorld } from './invoice-world';
import { BECAUSE } from './rating-world';

let world: InvoiceWorld;
beforeAll(async () => {
  world = await newInvoiceWorld();
});
afterAll(() => world.close());

it('builds a draft for each tenant with lines, and building again changes nothing [TBL-2]', async () => {
  await world.closeMonth('2020-01', [usage('acme', '10.005'), usage('acme', '10.005'), usage('birch', '3.333')]);
  expect(await world.invoices.build('2020-01', BECAUSE)).toMatchObject({ drafts: 2, written: 2, unchanged: 0, deleted: 0 });
  const draft = await world.draftOf('2020-01', 'acme');
  expect(draft).toMatchObject({
    net: '20.01',
    tax: '0.00',
    total: '20.01',
    status: 'draft',
    tax_status: 'undecided',
    number: null,
    lines: 2,
  });
  expect(draft.actions).toEqual(['refresh', 'adjust', 'approve']);
  expect((await world.linesOf(draft.id)).map(({ net }) => net)).toEqual(['10.01', '10.00']);
  expect(await world.invoices.build('2020-01', BECAUSE)).toMatchObject({ drafts: 2, written: 0, unchanged: 2 });
  expect(await world.draftOf('2020-01', 'acme')).toEqual(draft);
});

it('keeps manual lines over a refresh, and approves what is still current', async () => {
  const draft = await world.draftOf('2020-01', 'acme');
  const add = { description: 'Migration', quantity: '2', unit: 'hour', unit_price: '50.25' };
  const adjusted = await world.invoices.adjust(draft.id, { add }, draft.version, BECAUSE);
  expect(adjusted).toMatchObject({ total: '120.51', version: draft.version + 1, lines: 3 });
  await expect(world.invoices.refresh(draft.id, draft.version, BECAUSE)).rejects.toMatchObject({ code: 'version_moved' });
  const refreshed = await world.invoices.refresh(draft.id, adjusted.version, BECAUSE);
  expect(refreshed).toMatchObject({ total: '120.51', digest: adjusted.digest });
  const approved = await world.invoices.approve(draft.id, refreshed.version, BECAUSE);
  expect(approved).toMatchObject({ status: 'ready', tax_status: 'decided', actions: ['unapprove', 'issue'] });
  const back = await world.invoices.unapprove(draft.id, approved.version, BECAUSE);
  expect(back).toMatchObject({ status: 'draft', tax_status: 'undecided' });
  await world.fillProfile('acme', { address: 'Another street' });
  await expect(world.invoices.approve(draft.id, back.version, BECAUSE)).rejects.toMatchObject({ code: 'draft_outdated' });
});

it('issues with a number, due date and a proof that holds, and lets nothing of it change [TBL-4]', async () => {
  const { id } = await world.draftOf('2020-01', 'acme');
  const refreshed = await world.invoices.refresh(id, null, BECAUSE);
  const approved = await world.invoices.approve(id, refreshed.version, BECAUSE);
  const issued = await world.issuing.issue(id, approved.version, BECAUSE);
  expect(issued).toMatchObject({ status: 'issued', number: 'INV-00001', payment_status: 'unpaid', total: '120.51', due: '120.51' });
  expect(issued.actions).toEqual(['void', 'credit', 'pay', 'write_off']);
  const { rows } = await world.owner.query<{ proof: string; json: string; sha: string }>(
    `select d.proof, d.json, o.content_hash as sha from tenant_documents d join billing_outbox o on o.subject_id = d.id where d.invoice_id = $1`,
    [id],
  );
  const { document } = verifyTenantProof(rows[0]?.proof ?? '');
  expect(document).toMatchObject({ number: 'INV-00001', total: '120.51', customer: { name: 'acme Ltd', address: 'Another street' } });
  for (const change of [
    'net = 1, total = 1',
    "number = 'INV-9'",
    'terms = null',
    "status = 'draft'",
    'digest = null',
    "tenant_id = 'birch'",
  ])
    await expect(world.owner.query(`update tenant_invoices set ${change} where id = $1`, [id])).rejects.toMatchObject({ code: '23514' });
  for (const statement of [
    'delete from tenant_invoices where id = $1',
    'update tenant_invoice_lines set net = 0 where invoice_id = $1',
    'delete from tenant_invoice_lines where invoice_id = $1',
    `update tenant_documents set json = '{}' where invoice_id = $1`,
    'delete from tenant_documents where invoice_id = $1',
  ])
    await expect(world.owner.query(statement, [id])).rejects.toMatchObject({ code: '23514' });
});

it('keeps the number of a void invoice, and the next build makes a draft that names it', async () => {
  const [issued] = await world.listed({ period: '2020-01', status: ['issued'] });
  const voided = await world.issuing.void(issued?.id ?? '', issued?.version ?? 0, { ...BECAUSE, reason: 'wrong address' });
  expect(voided).toMatchObject({ status: 'void', number: 'INV-00001', void_reason: 'wrong address', actions: [], due: '0.00' });
  expect(await world.invoices.build('2020-01', BECAUSE)).toMatchObject({ drafts: 2, written: 1 });
  const draft = await world.draftOf('2020-01', 'acme');
  expect(draft).toMatchObject({ replaces: issued?.id, total: '20.01' });
  const approved = await world.invoices.approve(draft.id, draft.version, BECAUSE);
  expect(await world.issuing.issue(draft.id, approved.version, BECAUSE)).toMatchObject({ number: 'INV-00002' });
  const { rows } = await world.owner.query<{ json: string }>(`select json from tenant_documents where number = 'INV-00002'`);
  expect(JSON.parse(rows[0]?.json ?? '')).toMatchObject({ refers_to: 'INV-00001' });
});

it('corrects a month that was issued in the next draft, to the cent, and leaves the issued one as it was', async () => {
  const [before] = await world.listed({ period: '2020-01', tenant_id: 'acme', status: ['issued'] });
  await world.owner.query(`update cloud_cost_lines set amount = 12.005 where tenant_id = 'acme' and line_no = 1`);
  await world.owner.query(`update cloud_invoices set amount = amount + 2 where period = '2020-01-01'`);
  await world.rate('2020-01');
  await world.closeMonth('2020-02', [usage('acme', '1.00'), usage('birch', '1.00')]);
  await world.invoices.build('2020-02', BECAUSE);
  const draft = await world.draftOf('2020-02', 'acme');
  expect(draft).toMatchObject({ total: '3.00', problems: [{ code: 'corrects_month', severity: 'warning' }] });
  expect(await world.linesOf(draft.id)).toMatchObject([
    { kind: 'usage', net: '1.00', correction: false },
    { kind: 'correction', net: '2.00', correction: true, corrects: '2020-01', description: 'Correction of 2020-01: usage' },
  ]);
  expect(await world.listed({ period: '2020-01', tenant_id: 'acme', status: ['issued'] })).toEqual([before]);
  const approved = await world.invoices.approve(draft.id, draft.version, BECAUSE);
  await world.issuing.issue(draft.id, approved.version, BECAUSE);
  await world.closeMonth('2020-03', [usage('acme', '1.00')]);
  await world.invoices.build('2020-03', BECAUSE);
  expect(await world.draftOf('2020-03', 'acme')).toMatchObject({ total: '1.00' }); // corrected once
  expect(await world.draftOf('2020-02', 'birch')).toMatchObject({ total: '1.00' });
});

it('moves an issued amount to the owner that it had in truth, by correction lines of both in the next draft [TBL-9]', async () => {
  const resource = randomUUID();
  await world.resources([{ id: resource, kind: 'droplet', owners: [{ fromMs: 0, tenant: 'acme' }] }]);
  const of = { fromMs: Date.parse('2020-05-01T00:00:00Z'), untilMs: Date.parse('2020-06-01T00:00:00Z') };
  await world.closeMonth('2020-05', [{ ...usage('acme', '31.00', resource), ...of }, usage('birch', '1.00')]);
  await world.invoices.build('2020-05', BECAUSE);
  for (const tenant of ['acme', 'birch']) {
    const { id } = await world.draftOf('2020-05', tenant);
    await world.invoices.approve(id, null, BECAUSE);
    await world.issuing.issue(id, null, BECAUSE);
  }
  await world.owner.query(
    `update cloud_resources set tenant_id = 'birch', owner_override = 'birch', attributed_by = 'override' where id = $1`,
    [resource],
  );
  await world.owner.query(
    `insert into cloud_resource_events (resource_id, type, source, at, changes) values ($1, 'attributed', 'admin', '2020-06-15',
       '{"tenant_id": {"old": "acme", "new": "birch"}, "effective_from": {"old": null, "new": "2020-05-11T00:00:00Z"}}')`,
    [resource],
  );
  await world.rate('2020-05');
  await world.closeMonth('2020-06', [usage('acme', '50.00'), usage('birch', '50.00')]);
  await world.invoices.build('2020-06', BECAUSE);
  const corrections = async (tenant: string) =>
    (await world.linesOf((await world.draftOf('2020-06', tenant)).id))
      .filter(({ correction }) => correction)
      .map(({ net, corrects }) => [net, corrects]);
  expect(await corrections('acme')).toEqual([['-21.00', '2020-05']]);
  expect(await corrections('birch')).toEqual([['21.00', '2020-05']]);
});

it('adds up in lines, taxes, totals and the frozen document of every issued invoice [TBL-8]', async () => {
  const { documents, wrong } = await world.sums();
  expect(wrong).toEqual([]);
  expect(documents).toBeGreaterThanOrEqual(3);
});
