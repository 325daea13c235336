import { applyDecorators, type Type } from '@nestjs/common';
import { STATUS_CODES } from 'node:http';
import { ApiListOf, ApiModels, ApiObject, ApiParam, ApiResponse } from './swagger.decorators';
import { Freshness, ListFields } from './http.dto';
import { PROBLEM_MEDIA_TYPE } from './problem';

/** The class of an answer in the envelope of one object; 200 unless another status is given. `example`: the object. */
export const ApiDataResponse = (item: Type<object>, status = 200, example?: object) =>
  answer(status, dataEnvelope(item), example && { data: example });

/** The classes of an answer in the envelope of one object, one of them: of the change, or of a dry run of it. */
export const ApiEitherDataResponse = (...items: readonly Type<object>[]) => {
  const types = items.map((item) => dataEnvelope(item));
  return applyDecorators(
    ApiModels(...types),
    ApiResponse(({ getSchemaPath }) => ({
      status: 200,
      description: STATUS_CODES[200] ?? '',
      content: { 'application/json': { schema: { oneOf: types.map((type) => ({ $ref: getSchemaPath(type) })) } } },
    })),
  );
};

/** The class of the rows of a list. */
export const ApiListResponse = (item: Type<object>) =>
  answer(
    200,
    envelope(
      `${item.name}List`,
      class extends ListFields {},
      ApiListOf(() => item, 'The rows of this page'),
    ),
  );

/** The class of one object, with the freshness of its kind. */
export const ApiFreshDataResponse = (item: Type<object>) =>
  answer(
    200,
    envelope(
      `${item.name}Answer`,
      class extends Freshness {},
      ApiObject(() => item, 'The object'),
    ),
  );

/** The class of counts, with the freshness of what was counted. */
export const ApiCountsResponse = (item: Type<object>) =>
  answer(
    200,
    envelope(
      `${item.name}Answer`,
      class extends Freshness {},
      ApiObject(() => item, 'The counts'),
    ),
  );

/** The class of an answer without an envelope. */
export const ApiPlainResponse = (item: Type<object>) => answer(200, item);

/** An answer that is a text file. */
export const ApiFileResponse = (mediaType: string, description: string) =>
  ApiResponse(() => ({ status: 200, description: 'OK', content: { [mediaType]: { schema: { type: 'string', description } } } }));

/** Problems that a route can return besides those that every route of its sort can. */
export const ApiProblems = (...statuses: readonly number[]) =>
  applyDecorators(...statuses.map((status) => ApiResponse(() => problemResponse(status))));

/** The path parameter `id`. */
export const ApiIdParam = (of: string) =>
  ApiParam({ name: 'id', description: `Id of the ${of}`, schema: { type: 'string', format: 'uuid' } });

export function problemResponse(status: number) {
  const content = { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } };
  return { status, description: STATUS_CODES[status] ?? '', content };
}

/** The answer of a change with `dry_run=true`: the plan. */
export const ApiPlanResponse = (plan: Type<object>, example: object) => ApiDataResponse(plan, 200, example);

function answer(status: number, type: Type<object>, example?: object) {
  return applyDecorators(
    ApiModels(type),
    ApiResponse(({ getSchemaPath }) => ({
      status,
      description: STATUS_CODES[status] ?? '',
      content: { 'application/json': { schema: { $ref: getSchemaPath(type) }, ...(example && { example }) } },
    })),
  );
}

const dataEnvelope = (item: Type<object>) =>
  envelope(
    `${item.name}Answer`,
    class {},
    ApiObject(() => item, 'The object'),
  );

/** Envelopes by name: each is one schema of the document, however many routes use it. */
const envelopes = new Map<string, Type<object>>();

function envelope(name: string, type: Type<object>, data: PropertyDecorator): Type<object> {
  const known = envelopes.get(name);
  if (known) return known;
  Object.defineProperty(type, 'name', { value: name });
  data(type.prototype as object, 'data');
  envelopes.set(name, type);
  return type;
}
