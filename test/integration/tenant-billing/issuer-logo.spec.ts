import { BillingProfiles, DocumentFiles, InvoiceIssue, TenantInvoiceService, verifyPdf } from '#libs/tenant-billing';
import { encodePng } from '../../../libs/features/tenant-billing/src/documents/png';
import { ADMIN_HEADER, PLATFORM } from '../../support/principals';
import { createTestApp, type TestApp } from '../../support/test-app';
import { BECAUSE, newRatingWorld, type RatingWorld } from './rating-world';

const LOGO = '/api/v1/billing/issuers/default/logo';
/** A picture in one colour. */
const square = (shade: number) => encodePng({ width: 30, height: 10, rgb: Buffer.alloc(900, shade) });

let world: RatingWorld;
let api: TestApp;
beforeAll(async () => {
  world = await newRatingWorld();
  api = await createTestApp({ DATABASE_URL: world.appUrl });
  await api.becomes('/api/health/ready', 200);
  const profiles = world.service(BillingProfiles);
  const { version, ...issuer } = await profiles.issuer('default');
  await profiles.replaceIssuer('default', { ...issuer, name: 'Harbour', address: 'Quay', country: 'AU' }, version, BECAUSE);
  await world.owner.query(`insert into tenants (id, name, source) values ('acme', 'Acme', 'admin') on conflict do nothing`);
  const fields = { ...(await profiles.profile('acme')), legal_name: 'Acme Ltd', address: 'A street', country: 'AU', is_business: true };
  await profiles.replaceProfile('acme', fields, 0, BECAUSE);
});
afterAll(async () => {
  await api.close();
  await world.close();
});

const versionOf = async () => (await world.service(BillingProfiles).issuer('default')).version;
const put = async (image: Buffer | null, expected_version?: number) => {
  const body = { image: image && image.toString('base64'), expected_version: expected_version ?? (await versionOf()), reason: 'a test' };
  return api.http().put(LOGO).set(ADMIN_HEADER).send(body);
};
const draft = () =>
  world
    .service(TenantInvoiceService)
    .createOneOff('acme', [{ description: 'Work', quantity: '1', unit: 'hour', unit_price: '10' }], BECAUSE);

/** The digest of the picture that the issued document of an approved invoice has, printed and verified. */
async function printedLogo(id: string): Promise<string | null> {
  await world.service(InvoiceIssue).issue(id, null, BECAUSE);
  const files = world.service(DocumentFiles);
  for (const document of await files.due(10)) await files.render(document.id);
  const { proof, isIdenticalPrint } = await verifyPdf((await files.pdf(PLATFORM, { invoiceId: id })).bytes);
  expect(isIdenticalPrint).toBe(true);
  return proof.document.issuer.logo_sha256;
}

it('is stored, answered and printed; what was approved before keeps its own, and a draft gets it with its refresh [TBL-4] [TBL-9]', async () => {
  const invoices = world.service(TenantInvoiceService);
  await api.http().get(LOGO).set(ADMIN_HEADER).expect(404);
  const [before, during] = [await draft(), await draft()];
  await invoices.approve(before.id, null, BECAUSE);
  const { status, body } = await put(square(40));
  const { logo_sha256: first } = (body as { data: { logo_sha256: string } }).data;
  expect([status, first]).toEqual([200, expect.stringMatching(/^[0-9a-f]{64}$/)]);
  const stored = await api.http().get(LOGO).set(ADMIN_HEADER).expect(200).expect('content-type', 'image/png');
  expect(stored.body).toEqual(square(40));

  await expect(invoices.approve(during.id, null, BECAUSE)).rejects.toMatchObject({ code: 'draft_outdated' });
  await invoices.refresh(during.id, null, BECAUSE);
  await invoices.approve(during.id, null, BECAUSE);
  expect((await put(square(90))).status).toBe(200);
  expect([await printedLogo(before.id), await printedLogo(during.id)]).toEqual([null, first]);

  expect((await put(null)).body).toMatchObject({ data: { logo_sha256: null } });
  const plain = await draft();
  await invoices.approve(plain.id, null, BECAUSE);
  expect(await printedLogo(plain.id)).toBeNull();
  const { rows } = await world.owner.query<{ changes: object }>(
    `select details as changes from audit_log where action = 'billing_issuer_set' order by id desc limit 1`,
  );
  expect(rows[0]?.changes).toMatchObject({ logo_sha256: null, previous_logo_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  for (const statement of [`update billing_logos set bytes = ''`, 'delete from billing_logos'])
    await expect(world.owner.query(statement)).rejects.toThrow('never change');
});

it('is refused when it is no picture, too large, or based on an older version, and an unknown issuer is not found', async () => {
  const wrong = async (image: Buffer) => ((await put(image)).body as { code: string; errors: unknown[] }).errors;
  expect(await wrong(Buffer.from('<svg/>'))).toEqual([{ field: 'image', message: 'must be a PNG or a JPEG' }]);
  expect(await wrong(square(1).subarray(0, 50))).toEqual([
    { field: 'image', message: expect.stringContaining('cannot be read') as string },
  ]);
  expect(await wrong(Buffer.alloc(70_000))).toEqual([{ field: 'image', message: 'image must have at most 64 KiB' }]);
  expect((await put(Buffer.alloc(90_000))).status).toBe(413);
  expect((await put(square(1), 0)).body).toMatchObject({ status: 409, code: 'version_moved' });
  const body = { image: null, expected_version: 1 };
  expect((await api.http().put(LOGO.replace('default', 'other')).set(ADMIN_HEADER).send(body)).body).toMatchObject({ code: 'issuer_not_found' }); // prettier-ignore
});
