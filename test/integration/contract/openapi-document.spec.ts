import { loadOpenApiDocument, OpenApiDocument } from './openapi-document';

const thing = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'integer' }, note: { type: 'string', nullable: true }, kind: { $ref: '#/components/schemas/kind' } },
};
const json = (schema: object) => ({ content: { 'application/json': { schema } } });

/** A small document with the relevant shapes: literal and parameter paths, nullable, references, a default response. */
const document = new OpenApiDocument({
  paths: {
    '/v2/things/{id}': { get: { responses: { 200: { $ref: '#/components/responses/thing' }, default: json({ required: ['message'] }) } } },
    '/v2/things/default': { get: { responses: { 200: json({ required: ['default'] }) } } },
    '/v2/things': {
      get: { parameters: [{ in: 'query', name: 'per_page', schema: { type: 'integer', maximum: 200 } }], responses: { 200: json({}) } },
      post: { requestBody: { required: true, ...json({ $ref: '#/components/schemas/thing' }) }, responses: { 201: json({}), 204: {} } },
    },
  },
  components: {
    schemas: { thing, kind: { type: 'string', enum: ['a'], nullable: true } },
    responses: { thing: json({ $ref: '#/components/schemas/thing' }) },
  },
});

describe('checks against an OpenAPI document', () => {
  it.each([
    ['/v2/things/7', 200, { id: 7, note: null, kind: null }, 0],
    ['/v2/things/7', 200, { id: '7' }, 1],
    ['/v2/things/7', 200, { id: 7, kind: 'b' }, 1],
    ['/v2/things/7', 200, {}, 1],
    ['/v2/things/7', 404, { message: 'gone' }, 0],
    ['/v2/things/7', 404, {}, 1],
    ['/v2/things/default', 200, { default: true }, 0],
    ['/v2/things/default', 200, { id: 7 }, 1],
    ['/v2/others', 200, {}, 1],
    ['/v2/things', 500, {}, 1],
  ])('validates the response to GET %s -> %d %j and finds at least %d problems', (path, status, body, atLeast) => {
    const problems = document.validateResponse('GET', path, status, body);
    expect(problems.length > 0).toBe(atLeast > 0);
  });

  it('refuses a body where the document has none', () => {
    expect(document.validateResponse('POST', '/v2/things', 204, undefined)).toEqual([]);
    expect(document.validateResponse('POST', '/v2/things', 204, { id: 1 })).toHaveLength(1);
  });

  it('checks known query parameters and request bodies, and accepts unknown parameters', () => {
    expect(document.validateRequest('GET', '/v2/things', { per_page: '200', foo: 'bar' }, undefined)).toEqual([]);
    expect(document.validateRequest('GET', '/v2/things', { per_page: '201' }, undefined)).toHaveLength(1);
    expect(document.validateRequest('POST', '/v2/things', {}, { id: 1 })).toEqual([]);
    expect(document.validateRequest('POST', '/v2/things', {}, { id: 'x' })).toHaveLength(1);
    expect(document.validateRequest('POST', '/v2/things', {}, undefined)).toEqual(['the body is missing']);
    expect(document.validateRequest('DELETE', '/v2/things', {}, undefined)).toHaveLength(1);
  });

  it('returns undefined when there is no document', () => {
    expect(loadOpenApiDocument('/nowhere/openapi.json')).toBeUndefined();
  });
});
