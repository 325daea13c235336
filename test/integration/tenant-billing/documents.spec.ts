import { Money } from '#libs/kernel';
import {
  BillingProfiles,
  CreditNotes,
  DocumentFiles,
  InvoiceIssue,
  TenantInvoiceReader,
  TenantInvoiceService,
  verifyIssuerProof,
  verifyPdf,
  verifyTenantProof,
} from '#libs/tenant-billing';
import { MeteringJobs } from '../../../apps/worker/src/jobs/metering.processor';
import { invoiceVerify } from '../../../apps/cli/src/commands/invoice-verify';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { join } from 'node:path';
import type { Enqueuer } from '#libs/queues';
import { ADMIN_HEADER, PLATFORM, tenantHeader } from '../../support/principals';
import { createTestApp, type TestApp } from '../../support/test-app';
import { BECAUSE, newRatingWorld, type RatingWorld } from './rating-world';

let world: RatingWorld;
let api: TestApp;
let files: DocumentFiles;
let enqueued: string[];
let jobs: MeteringJobs;
beforeAll(async () => {
  world = await newRatingWorld();
  api = await createTestApp({ DATABASE_URL: world.appUrl });
  await api.becomes('/api/health/ready', 200);
  files = world.service(DocumentFiles);
  const enqueuer = { documents: async (due: readonly { id: string }[]) => void (enqueued = due.map(({ id }) => id)) };
  jobs = new MeteringJobs(files, enqueuer as unknown as Enqueuer);
  const profiles = world.service(BillingProfiles);
  const { version, ...issuer } = await profiles.issuer('default');
  await profiles.replaceIssuer(
    'default',
    { ...issuer, name: 'Harbour Hosting', address: '1 Quay Street', country: 'AU' },
    version,
    BECAUSE,
  );
  for (const [tenant, netDays] of [
    ['acme', 30],
    ['birch', 5],
  ] as const) {
    // prettier-ignore
    await world.owner.query(`insert into tenants (id, name, source) values ($1, $1, 'admin') on conflict do nothing`, [tenant]);
    const { version: seen, ...before } = await profiles.profile(tenant);
    const filled = { ...before, legal_name: `${tenant} Ltd`, address: 'A street', country: 'AU', is_business: true, net_days: netDays };
    await profiles.replaceProfile(tenant, filled, seen, BECAUSE);
  }
});
afterAll(async () => {
  await api.close();
  await world.close();
});

async function issue(tenant: string, price = '33.335'): Promise<string> {
  const invoices = world.service(TenantInvoiceService);
  const lines = [
    { description: 'Migration', quantity: '2', unit: 'hour', unit_price: price },
    { description: 'Support', quantity: '1', unit: '', unit_price: '10.005' },
  ];
  const { id } = await invoices.createOneOff(tenant, lines, BECAUSE);
  await invoices.approve(id, null, BECAUSE);
  await world.service(InvoiceIssue).issue(id, null, BECAUSE);
  return id;
}
async function printAll(): Promise<string[]> {
  enqueued = [];
  await jobs.run({ name: 'documents', data: {} });
  for (const document_id of enqueued) await jobs.run({ name: 'document', data: { document_id } });
  return enqueued;
}
const get = (path: string, headers = ADMIN_HEADER) => api.http().get(`/api/v1${path}`).set(headers).buffer(true).parse((response, done) => {
  const parts: Buffer[] = [];
  response.on('data', (part: Buffer) => parts.push(part));
  response.on('end', () => done(null, Buffer.concat(parts)));
}); // prettier-ignore
const bytesOf = (answer: { body: unknown }): Buffer => answer.body as Buffer;

it('prints issued documents in order of their due date, once, and the file is verified and never changes [TBL-4] [TBL-8]', async () => {
  const [late, early] = [await issue('acme'), await issue('birch')];
  const pending = await get(`/tenant-invoices/${late}/document.pdf`).expect(409);
  expect(JSON.parse(bytesOf(pending).toString())).toMatchObject({ code: 'document_pending' });
  expect(pending.headers['retry-after']).toBe('3');
  const printed = await printAll();
  const { rows } = await world.owner.query<{ id: string }>(
    `select invoice_id as id from tenant_documents order by array_position($1::uuid[], id)`,
    [printed],
  );
  expect(rows.map(({ id }) => id)).toEqual([early, late]);
  expect(await printAll()).toEqual([]);
  const answer = await get(`/tenant-invoices/${late}/document.pdf`, tenantHeader('acme')).expect(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/pdf',
    'content-disposition': expect.stringMatching(/^attachment; filename="INV-\d+\.pdf"$/) as string,
  });
  const { proof, isIdenticalPrint } = await verifyPdf(bytesOf(answer));
  expect([proof.document.total, isIdenticalPrint]).toEqual(['76.68', true]);
  await jobs.run({ name: 'document', data: { document_id: printed[0] ?? '' } }); // a job that the queue repeats
  const { rows: stored } = await world.owner.query<{ n: number }>('select count(*)::int as n from document_files');
  expect(stored).toEqual([{ n: 2 }]);
  await expect(world.owner.query(`update document_files set bytes = ''`)).rejects.toThrow('rows of document_files never change');
  await expect(world.owner.query('delete from document_files')).rejects.toThrow('never change');
});

it('prints a document of a thousand lines without holding up the process that prints it', async () => {
  const invoices = world.service(TenantInvoiceService);
  const lines = Array.from({ length: 1_000 }, (_, nth) => ({
    description: `Work ${nth}`,
    quantity: '1',
    unit: 'hour',
    unit_price: '1.01',
  }));
  const { id } = await invoices.createOneOff('acme', lines, BECAUSE);
  await invoices.approve(id, null, BECAUSE);
  await world.service(InvoiceIssue).issue(id, null, BECAUSE);
  const printing = printAll();
  const state = { printed: false, turns: 0 };
  void printing.finally(() => (state.printed = true));
  while (!state.printed) {
    await setImmediate();
    state.turns += 1;
  }
  await printing;
  expect(state.turns).toBeGreaterThan(500); // a print in this thread leaves room for some dozens
  expect((await verifyPdf(bytesOf(await get(`/tenant-invoices/${id}/document.pdf`).expect(200)))).proof.document.total).toBe('1010.00');
});

it('prints a void notice and a credit note, each found under its own address', async () => {
  const [voided, credited] = [await issue('acme'), await issue('acme', '50')];
  await world.service(InvoiceIssue).void(voided, null, { ...BECAUSE, reason: 'wrong address' });
  const zero = Money.parse('0');
  const note = await world
    .service(CreditNotes)
    .credit(
      credited,
      { lines: [{ line_no: 1, net: Money.parse('20.00') }], rest: { refund: zero, wallet: zero, out_of_band: zero } },
      (await world.service(TenantInvoiceReader).get(PLATFORM, credited)).version,
      BECAUSE,
    );
  expect(await printAll()).toHaveLength(4);
  const kindOf = async (path: string) => (await verifyPdf(bytesOf(await get(path).expect(200)))).proof.document.kind;
  expect(await kindOf(`/tenant-invoices/${voided}/document.pdf`)).toBe('void_notice');
  expect(await kindOf(`/tenant-invoices/${voided}/document.pdf?kind=invoice`)).toBe('invoice');
  expect(await kindOf(`/credit-notes/${note.id}/document.pdf`)).toBe('credit_note');
  const proof = verifyTenantProof(bytesOf(await get(`/credit-notes/${note.id}/proof.json`).expect(200)).toString());
  expect(proof.document).toMatchObject({ kind: 'credit_note', number: note.number, net: '20.00' });
  await get(`/credit-notes/${note.id}/document.pdf`, tenantHeader('birch')).expect(404);
});

it('gives tenants their own documents and proofs without a buy amount, and the proof of the issuer to admins only [TBL-7]', async () => {
  const id = await issue('acme');
  await printAll();
  const [own, admins] = [tenantHeader('acme'), ADMIN_HEADER];
  const proof = bytesOf(await get(`/tenant-invoices/${id}/proof.json`, own).expect(200)).toString();
  const { data: key } = JSON.parse(bytesOf(await get('/proof-key', own).expect(200)).toString()) as {
    data: { public_key: string; pem: string };
  };
  const { root } = verifyTenantProof(proof, key.public_key);
  expect(proof).not.toMatch(/"(buy|salt|origin|explanation)"/);
  const issuer = bytesOf(await get(`/tenant-invoices/${id}/proof.json?issuer=true`, admins).expect(200)).toString();
  expect(verifyIssuerProof(issuer, root, key.public_key).openings).toHaveLength(2);
  const refused = await get(`/tenant-invoices/${id}/proof.json?issuer=true`, own).expect(403);
  expect(JSON.parse(bytesOf(refused).toString())).toMatchObject({ code: 'admins_only' });
  for (const path of ['document.pdf', 'proof.json']) await get(`/tenant-invoices/${id}/${path}`, tenantHeader('birch')).expect(404);
  await expect(files.proof({ kind: 'tenant', tenantId: 'birch' }, { invoiceId: id })).rejects.toMatchObject({ code: 'document_not_found' });

  const folder = mkdtempSync(join(tmpdir(), 'arcadia-documents-'));
  const file = (name: string, content: string | Buffer) => (writeFileSync(join(folder, name), content), join(folder, name));
  const pdf = (await files.pdf(PLATFORM, { invoiceId: id })).bytes;
  const written = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const all = [file('a.pdf', pdf), '--key', file('key.pem', key.pem), '--issuer-proof', file('issuer.json', issuer)];
  expect(await invoiceVerify(all)).toBe(0);
  expect(
    await invoiceVerify([file('b.pdf', Buffer.from(pdf.toString('latin1').replace('"net":"66.67"', '"net":"66.68"'), 'latin1'))]),
  ).toBe(1);
  const lines = written.mock.calls.map(([line]) => String(line));
  written.mockRestore();
  expect(lines[0]).toMatch(/^verified: INV-\d+, total USD 76\.68, root [0-9a-f]{64}\n$/);
  expect(lines.at(-1)).toBe('NOT verified: the proof was changed after its root was made\n');
});

it('makes a character that documents cannot show a problem of the draft', async () => {
  const { problems } = await world
    .service(TenantInvoiceService)
    .createOneOff('acme', [{ description: '服务器', quantity: '1', unit: '', unit_price: '1' }], BECAUSE);
  expect(problems).toEqual([
    expect.objectContaining({
      code: 'character_not_printable',
      severity: 'critical',
      detail: expect.stringContaining('服 务 器') as string,
    }),
  ]);
});
