import { createTestApp, type TestApp } from '../../support/test-app';
import { broken, type ApiDocument } from './contract-comparison';
import { contractDifferences, type ContractException } from './contract-equality';
import { recorded, RELEASES } from './recorded-release';

const documentOf = (release: string) => recorded(release, 'openapi.json') as ApiDocument;
/** Intended differences from the document before the renovation, each with its reason. */
const CAUSES = [
  'get /api/v1/inventory/{id}/events 200.data[].cause',
  'get /api/v1/drift 200.data[].cause',
  'get /api/v1/drift/{id} 200.data.cause',
  'post /api/v1/drift/{id}/accept 200.data.cause',
  'post /api/v1/drift/{id}/revert 202.data.cause',
];
const SAGA_CAUSES: readonly ContractException[] = CAUSES.flatMap((cause) =>
  ['action_id', 'action'].map((field) => ({
    fact: `${cause}.${field} may be null`,
    reason: 'an event that a saga wrote names the saga even while the action of the provider is not known',
  })),
);
const INVOICES = [
  'get /api/v1/billing/invoices 200.data[]',
  'get /api/v1/billing/invoices/{id} 200.data',
  'post /api/v1/billing/invoices/{id}/ingest 202.data',
  'post /api/v1/billing/invoices/{id}/release 200.data',
];
const INVOICE_READINGS: readonly ContractException[] = [
  ...INVOICES.flatMap((invoice) =>
    ['', ' must be given', ' may be integer', ' may be null'].map((fact) => ({
      fact: `${invoice}.unreadable_cells${fact}`,
      reason: 'cells without money no longer refuse an invoice; they are counted',
    })),
  ),
  ...INVOICES.flatMap((invoice) =>
    ['', ' may be string', ' has the format date-time'].map((fact) => ({
      fact: `${invoice}.failure.at${fact}`,
      reason: 'a failed reading stands beside the status of the lines in use, with its time',
    })),
  ),
  ...['', ' must be given', ' may be string', ' may be null', ' has the format date-time'].map((fact) => ({
    fact: `get /api/v1/billing/summary 200.data.as_of${fact}`,
    reason: 'a sum says as of when it is complete',
  })),
];
const EXCEPTIONS: readonly ContractException[] = [
  ...SAGA_CAUSES,
  ...INVOICE_READINGS,
  {
    fact: 'patch /api/v1/inventory/{id} body.tenant_id must be given',
    reason: '`unassigned: true` may be given in its place; a body with neither is refused as before',
  },
];
let api: TestApp;
let now: ApiDocument;

beforeAll(async () => {
  api = await createTestApp();
  now = (await api.http().get('/api/openapi.json').expect(200)).body as ApiDocument;
});
afterAll(() => api.close());

it.each(RELEASES)('serves every route, parameter and property that a client of the release %s uses [OPS-5]', (release) => {
  expect(Object.keys(documentOf(release).paths).length).toBeGreaterThanOrEqual(19);
  const lost = broken(documentOf(release), now);
  expect(lost.filter((line) => !CAUSES.some((cause) => line.startsWith(`${cause}.action`)))).toEqual([]);
});

/** The contract may grow: what only the new document has is no loss for a reader of the old one. */
it('serves the contract of the previous release without a missing fact, except for named exceptions [OPS-5]', () => {
  const differences = contractDifferences(documentOf('before-renovation'), now, EXCEPTIONS);
  expect(differences.filter((difference) => !difference.startsWith('added: '))).toEqual([]);
});

describe('the comparison with a previous contract', () => {
  it.each<[string, (text: string) => string, string]>([
    ['a property with another name', (text) => text.replaceAll('"stale_strike_count":', '"strikes":'), '.stale_strike_count is missing'],
    [
      'a number that became text',
      (text) => text.replaceAll('"current_step_idx":{"type":"integer"', '"current_step_idx":{"type":"string"'),
      'current_step_idx was integer and is string',
    ],
    [
      'a route with another address',
      (text) => text.replace('"/api/v1/sweeps/{id}/release"', '"/api/v1/sweeps/{id}/unlock"'),
      'post /api/v1/sweeps/{id}/release is missing',
    ],
    ['a removed parameter', (text) => text.replaceAll('"name":"updated_since"', '"name":"changed_since"'), '?updated_since is missing'],
    [
      'an optional parameter that must be given',
      (text) => text.replaceAll('"name":"region","in":"query","required":false', '"name":"region","in":"query","required":true'),
      '?region must be given now',
    ],
  ])('notices %s [OPS-5]', (_what, edit, found) => {
    const edited = JSON.parse(edit(JSON.stringify(now))) as ApiDocument;
    expect(broken(documentOf('before-renovation'), edited).join('\n')).toContain(found);
  });

  it('notices a property that no form of a response has any more [OPS-5]', () => {
    const edited = JSON.parse(JSON.stringify(now).replaceAll('"valid_from":', '"from":')) as ApiDocument;
    const lost = broken(documentOf('0.2.0'), edited).filter((line) => line.startsWith('patch /api/v1/attribution-rules/{id} 200'));
    expect(lost).toEqual(['patch /api/v1/attribution-rules/{id} 200.data.valid_from is missing']);
  });
});
