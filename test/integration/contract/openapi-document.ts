import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Ajv, { type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { toJsonSchema } from './openapi-schema';

type Json = Record<string, unknown>;

const REPOSITORY = resolve(__dirname, '../../..');

const BESIDE = ['digitalocean-openapi-full.json', 'digitalocean-openapi.json'].map((name) => join(REPOSITORY, '../shared', name));

/** The expected location of the provider's official document: `DO_OPENAPI`, or a file beside the repository, the whole document first. */
export const OPENAPI_PATH =
  process.env.DO_OPENAPI ?? BESIDE.find((path) => existsSync(path)) ?? join(REPOSITORY, '../shared/digitalocean-openapi.json');

/** The instruction that is printed when the document is missing. */
export const HOW_TO_GET =
  `The official document of the DigitalOcean API is not at ${OPENAPI_PATH}, so nothing was checked against it. ` +
  'Get it from github.com/digitalocean/openapi (bundle it to one JSON file) and set DO_OPENAPI to its path.';

/** Loads the official OpenAPI 3.0 document, or returns undefined when it is not on this machine. */
export function loadOpenApiDocument(path = OPENAPI_PATH): OpenApiDocument | undefined {
  return existsSync(path) ? new OpenApiDocument(JSON.parse(readFileSync(path, 'utf8')) as Json) : undefined;
}

/** Checks requests and responses against the document. Each check returns a list of problems, which is empty when there are none. */
export class OpenApiDocument {
  private readonly ajv = new Ajv({ strict: false, allErrors: true, logger: false, unicodeRegExp: false });
  private readonly validators = new Map<string, ValidateFunction>();
  private readonly templates: { template: string; pattern: RegExp; literals: number }[];

  constructor(private readonly document: Json) {
    addFormats(this.ajv);
    this.ajv.addSchema(toJsonSchema(document), 'openapi');
    this.templates = Object.keys(document.paths as Json)
      .map((template) => ({
        template,
        pattern: templatePattern(template),
        literals: template.split('/').filter((part) => !part.startsWith('{')).length,
      }))
      .sort((one, other) => other.literals - one.literals);
  }

  /** Returns the path template of a path. `/v2/projects/default` takes precedence over `/v2/projects/{project_id}`. */
  templateOf(path: string): string | undefined {
    return this.templates.find(({ pattern }) => pattern.test(path))?.template;
  }

  /** The keys of the objects and lists that a GET of this path returns, by the schema of its response. */
  collectionsOf(path: string): string[] {
    const found = this.operation('get', path);
    if (found === undefined) return [];
    const [pointer] = this.follow(`${found.pointer}/responses/200`);
    return this.keysAt(`${pointer}/content/application~1json/schema`);
  }

  private keysAt(pointer: string): string[] {
    const [at, schema] = this.follow(pointer);
    const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((word) =>
      ((schema[word] ?? []) as unknown[]).flatMap((_, nth) => this.keysAt(`${at}/${word}/${nth}`)),
    );
    return [...Object.keys(schema.properties ?? {}), ...parts];
  }

  validateResponse(method: string, path: string, status: number, body: unknown): string[] {
    const found = this.operation(method, path);
    if (found === undefined) return [missingFrom(method, path)];
    const responses = found.operation.responses as Json;
    const key = String(status) in responses ? String(status) : 'default';
    if (!(key in responses)) return [`${method} ${path} has no answer ${status} in the document`];
    const [pointer, response] = this.follow(`${found.pointer}/responses/${key}`);
    const content = (response.content ?? {}) as Json;
    if (!('application/json' in content)) return isEmpty(body) ? [] : [`${method} ${path} ${status} should have no JSON body`];
    return this.check(`${pointer}/content/application~1json/schema`, body);
  }

  /** Checks known query parameters and the JSON body. Unknown parameters are accepted, as the provider does. */
  validateRequest(method: string, path: string, query: Record<string, unknown>, body: unknown): string[] {
    const found = this.operation(method, path);
    if (found === undefined) return [missingFrom(method, path)];
    return [...this.queryProblems(found, query), ...this.bodyProblems(found, body)];
  }

  private queryProblems({ pointer, operation }: FoundOperation, query: Record<string, unknown>): string[] {
    const parameters = (operation.parameters ?? []) as Json[];
    return parameters.flatMap((_, index) => {
      const [at, parameter] = this.follow(`${pointer}/parameters/${index}`);
      const name = String(parameter.name);
      if (parameter.in !== 'query') return [];
      if (query[name] === undefined) return parameter.required === true ? [`query parameter ${name} is missing`] : [];
      return this.check(`${at}/schema`, asTyped(query[name])).map((problem) => `query parameter ${name} ${problem}`);
    });
  }

  private bodyProblems({ pointer, operation }: FoundOperation, body: unknown): string[] {
    if (operation.requestBody === undefined) return isEmpty(body) ? [] : ['the document knows no body here'];
    const [at, requestBody] = this.follow(`${pointer}/requestBody`);
    if (isEmpty(body)) return requestBody.required === true ? ['the body is missing'] : [];
    return this.check(`${at}/content/application~1json/schema`, body);
  }

  private operation(method: string, path: string): FoundOperation | undefined {
    const template = this.templateOf(path);
    const operation = template === undefined ? undefined : ((this.document.paths as Json)[template] as Json)[method.toLowerCase()];
    if (template === undefined || operation === undefined) return undefined;
    return { pointer: `/paths/${escapePointer(template)}/${method.toLowerCase()}`, operation: operation as Json };
  }

  /** Returns the object behind a pointer, resolved through `$ref`, and its resolved pointer. */
  private follow(pointer: string): [string, Json] {
    const object = pointer
      .split('/')
      .slice(1)
      .reduce<unknown>((at, part) => (at as Json)[part.replaceAll('~1', '/').replaceAll('~0', '~')], this.document) as Json;
    return typeof object.$ref === 'string' ? this.follow(object.$ref.slice(1)) : [pointer, object];
  }

  private check(pointer: string, data: unknown): string[] {
    const validate = this.validators.get(pointer) ?? this.ajv.compile({ $ref: `openapi#${encodeURI(pointer)}` });
    this.validators.set(pointer, validate);
    if (validate(data)) return [];
    return (validate.errors ?? []).map((error) => `${error.instancePath || 'body'} ${error.message ?? ''} ${JSON.stringify(error.params)}`);
  }
}

interface FoundOperation {
  pointer: string;
  operation: Json;
}

function templatePattern(template: string): RegExp {
  return new RegExp(`^${template.replace(/[.]/g, String.raw`\.`).replace(/\{[^}]+\}/g, '[^/]+')}/?$`);
}

const missingFrom = (method: string, path: string): string =>
  `${method} ${path} is not in ${OPENAPI_PATH}: the call differs from the official API, or the file has only some of its paths (set DO_OPENAPI to the whole document)`;
const escapePointer = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1');
const isEmpty = (body: unknown): boolean => body === undefined || body === null || body === '';

/** Query values are strings, so numbers and booleans are converted before the check. */
function asTyped(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (/^-?\d+$/.test(value)) return Number(value);
  return value === 'true' || value === 'false' ? value === 'true' : value;
}
