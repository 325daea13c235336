import type { ApiDocument } from './contract-comparison';
import { contractDifferences } from './contract-equality';

const SWEEP = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', format: 'uuid' }, status: { type: 'string', enum: ['running', 'complete'] }, ended: { anyOf: [{ type: 'string' }, { type: 'null' }] } }, // prettier-ignore
};

function documentOf(
  sweep: object,
  more: { readonly parameters?: object[]; readonly statuses?: string[]; readonly name?: string } = {},
): ApiDocument {
  const {
    parameters = [{ name: 'limit', in: 'query', required: false, schema: { type: 'integer' } }],
    statuses = ['200'],
    name = 'Sweep',
  } = more;
  const answer = { description: 'OK', content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } } };
  const get = { operationId: 'Sweeps_get', tags: ['sweeps'], summary: 'Get a sweep', security: [{}], parameters, responses: Object.fromEntries(statuses.map((status) => [status, answer])) }; // prettier-ignore
  return { paths: { '/sweeps': { get } }, components: { schemas: { [name]: sweep } } } as unknown as ApiDocument;
}

const before = documentOf(SWEEP);
const withProperties = (properties: object) => ({ ...SWEEP, properties: { ...SWEEP.properties, ...properties } });

it.each<[string, ApiDocument, string[]]>([
  ['an added field', documentOf(withProperties({ calls: { type: 'integer' } })), ['added: get /sweeps 200.calls', 'added: get /sweeps 200.calls may be integer']],
  ['a removed field', documentOf({ ...SWEEP, properties: { id: SWEEP.properties.id, status: SWEEP.properties.status } }), ['missing: get /sweeps 200.ended', 'missing: get /sweeps 200.ended may be string', 'missing: get /sweeps 200.ended may be null']],
  ['a field that must be given now', documentOf({ ...SWEEP, required: ['id', 'status'] }), ['added: get /sweeps 200.status must be given']],
  ['a field that need not be given any more', documentOf({ ...SWEEP, required: [] }), ['missing: get /sweeps 200.id must be given']],
  ['a value of an enum', documentOf(withProperties({ status: { type: 'string', enum: ['running', 'failed'] } })), ['missing: get /sweeps 200.status may be "complete"', 'added: get /sweeps 200.status may be "failed"']],
  ['another type', documentOf(withProperties({ id: { type: 'integer', format: 'uuid' } })), ['missing: get /sweeps 200.id may be string', 'added: get /sweeps 200.id may be integer']],
  ['a field that is never null any more', documentOf(withProperties({ ended: { type: 'string' } })), ['missing: get /sweeps 200.ended may be null']],
  ['a removed parameter', documentOf(SWEEP, { parameters: [] }), ['missing: get /sweeps query limit', 'missing: get /sweeps query limit may be integer']],
  ['a parameter that must be given now', documentOf(SWEEP, { parameters: [{ name: 'limit', in: 'query', required: true, schema: { type: 'integer' } }] }), ['added: get /sweeps query limit must be given']],
  ['a path that is not served', { ...before, paths: {} }, expect.arrayContaining(['missing: get /sweeps']) as string[]],
])('notices %s [OPS-5]', (_what, after, found) => {
  expect(contractDifferences(before, after)).toEqual(found);
}); // prettier-ignore

it('notices an added status [OPS-5]', () => {
  expect(contractDifferences(before, documentOf(SWEEP, { statuses: ['200', '404'] }))).toContain('added: get /sweeps 404');
});

it.each<[string, ApiDocument]>([
  ['texts and examples', documentOf({ ...SWEEP, description: 'What a sweep did', example: { id: 'x' } })],
  ['the name of a schema', documentOf(SWEEP, { name: 'SweepResponse' })],
  ['how null is written', documentOf(withProperties({ ended: { type: ['string', 'null'] } }))],
  [
    'how a schema is put together',
    documentOf({ allOf: [{ type: 'object', required: ['id'], properties: { id: SWEEP.properties.id } }, SWEEP] }),
  ],
])('ignores a difference in %s', (_what, after) => {
  expect(contractDifferences(before, after)).toEqual([]);
});

it('ignores a difference in the input of a saga, and in nothing else of its start', () => {
  const startOf = (properties: object) => {
    const schema = { type: 'object', required: ['input'], properties };
    const post = {
      operationId: 'Sagas_start',
      requestBody: { required: true, content: { 'application/json': { schema } } },
      responses: {},
    };
    return { paths: { '/api/v1/sagas': { post } }, components: { schemas: {} } } as unknown as ApiDocument;
  };
  const any = startOf({ input: { type: 'object' }, kind: { type: 'string' } });
  const one = { type: 'object', required: ['name'], properties: { name: { type: 'string' } } };
  expect(contractDifferences(any, startOf({ input: one, kind: { type: 'string', enum: ['demo'] } }))).toEqual([]);
  expect(contractDifferences(any, startOf({ input: one, kind: { type: 'string' }, note: { type: 'string' } }))).toContain(
    'added: post /api/v1/sagas body.note',
  );
});

it('allows a named exception, and reports an exception without a difference', () => {
  const after = documentOf({ ...SWEEP, required: [] });
  const exception = { fact: 'get /sweeps 200.id must be given', reason: 'an example' };
  expect(contractDifferences(before, after, [exception])).toEqual([]);
  expect(contractDifferences(before, before, [exception])).toEqual(['an exception without a difference: get /sweeps 200.id must be given']);
});
