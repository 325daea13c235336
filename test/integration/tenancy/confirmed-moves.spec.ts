import { ACME_HEADER, ADMIN_HEADER } from '../../support/principals';
import { aMoveThatWaits, newTenancyWorld, type TenancyWorld } from './tenancy-world';

let world: TenancyWorld;
let waiting: string;
beforeAll(async () => {
  world = await newTenancyWorld();
  waiting = await aMoveThatWaits(world);
});
afterAll(() => world.close());

const FINDINGS = '/api/v1/attribution-rules/findings';
const confirm = (body: object, header = ADMIN_HEADER) => world.http().post(`${FINDINGS}/${waiting}/confirm`).set(header).send(body);

it('moves a resource to another tenant only as an admin confirms it by HTTP, and once [TNT-7]', async () => {
  const listed = await world.http().get(FINDINGS).set(ADMIN_HEADER).expect(200);
  expect(listed.body).toMatchObject({ data: [{ resource_id: waiting, from_tenant_id: 'acme', to_tenant_id: 'globex' }] });
  await world.http().get(FINDINGS).set(ACME_HEADER).expect(403);
  await confirm({ tenant_id: 'globex', reason: 'sold' }, ACME_HEADER).expect(403);
  expect((await confirm({ tenant_id: 'globex' }).expect(400)).body).toMatchObject({ code: 'validation_failed' });
  expect((await confirm({ tenant_id: 'acme', reason: 'sold' }).expect(409)).body).toMatchObject({ code: 'finding_changed' });
  const resource = () => world.http().get(`/api/v1/inventory/${waiting}`);
  expect((await resource().set(ADMIN_HEADER).expect(200)).body).toMatchObject({ data: { tenant_id: 'acme' } });
  const { body } = await confirm({ tenant_id: 'globex', reason: 'sold' }).expect(200);
  expect(body).toMatchObject({ data: { resource_id: waiting, from_tenant_id: 'acme', to_tenant_id: 'globex' } });
  expect((await resource().set(ADMIN_HEADER).expect(200)).body).toMatchObject({ data: { tenant_id: 'globex' } });
  await resource().set(ACME_HEADER).expect(404);
  expect((await confirm({ tenant_id: 'globex', reason: 'sold' }).expect(404)).body).toMatchObject({
    code: 'attribution_finding_not_found',
  });
});
