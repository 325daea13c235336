import inputs from '../../client/saga-inputs.json';
import { wholeNumber } from '../../parts/format';
import { TEXTS } from './texts';

/** The JSON schema of one field, as the API's document has it. */
export interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly example?: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: { readonly type?: string; readonly enum?: readonly string[] };
}

export interface InputSchema {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, FieldSchema>>;
}

export type Values = Readonly<Record<string, unknown>>;

/** Which end of a firewall's rule names the other side: of traffic that comes in, or goes out. */
export type RuleSide = 'sources' | 'destinations';
type Peers = Readonly<Record<string, readonly (string | number)[]>>;

/** A rule of a firewall, in the form of the provider. */
export interface Rule {
  readonly protocol: string;
  readonly ports?: string | undefined;
  readonly sources?: Peers;
  readonly destinations?: Peers;
}

/** A port, a range, or 0 for all. */
export function isPorts(text: string): boolean {
  if (text === '0' || text === 'all') return true;
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  return from !== undefined && Number(from) >= 1 && Number(to) <= 65_535 && Number(from) <= Number(to);
}

/** An address or a range of addresses, such as 203.0.113.0/24 or ::/0. */
export function isAddress(text: string): boolean {
  const [, ip = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const octets = ip.split('.');
  if (octets.length === 4 && octets.every((one) => /^\d{1,3}$/.test(one) && Number(one) <= 255)) return Number(bits ?? 32) <= 32;
  return ip.includes(':') && URL.canParse(`http://[${ip}]/`) && Number(bits ?? 128) <= 128;
}

/** A rule that names ports and the other side. */
function isWholeRule({ protocol, ports = '', sources, destinations }: Rule): boolean {
  const { addresses = [], ...others } = sources ?? destinations ?? {};
  const hasPeer = addresses.length > 0 || Object.values(others).some((list) => list.length > 0);
  return (protocol === 'icmp' || isPorts(ports)) && hasPeer && addresses.every((one) => isAddress(String(one)));
}

export const INPUTS = inputs as unknown as Readonly<Record<string, InputSchema>>;

/** Fields that only operators may set, as their descriptions state. */
const isForAdmins = ({ description = '' }: FieldSchema): boolean => description.includes('platform admins only');

/** Fields that the form asks in another place: the name is typed when a destroy is confirmed. */
const ASKED_ELSEWHERE = new Set(['expected_name']);

export function fieldsOf(kind: string, isAdmin: boolean): readonly (readonly [string, FieldSchema])[] {
  const schema = INPUTS[kind];
  if (!schema) return [];
  const { required, properties } = schema;
  const all = Object.entries(properties).filter(([name, field]) => !ASKED_ELSEWHERE.has(name) && (isAdmin || !isForAdmins(field)));
  const rank = (name: string) => (required.includes(name) ? 0 : name === 'project_id' ? 0.5 : 1);
  return all.sort(([a], [b]) => rank(a) - rank(b));
}

export const typeOf = ({ type }: FieldSchema): string =>
  Array.isArray(type) ? (type[0] as string) : ((type as string | undefined) ?? 'string');

/** The values as the API takes them: empty fields are left out, numbers are numbers. */
export function inputOf(kind: string, values: Values): Record<string, unknown> {
  const { properties = {}, required = [] } = INPUTS[kind] ?? {};
  const unchecked = required.filter((name) => typeOf(properties[name] ?? {}) === 'boolean').map((name) => [name, false] as const);
  return Object.fromEntries(
    Object.entries({ ...Object.fromEntries(unchecked), ...values }).flatMap(([name, value]) => {
      const field = properties[name];
      const isEmpty = value === '' || value === undefined || value === false || (Array.isArray(value) && value.length === 0);
      if (!field || (isEmpty && !(required.includes(name) && value !== undefined && value !== ''))) return [];
      return [[name, typeOf(field) === 'integer' && typeof value === 'string' ? (wholeNumber(value) ?? NaN) : value]];
    }),
  );
}

/** What is wrong with the form, by field. The API judges again; this keeps people from waiting for it. */
export function problemsOf(kind: string, input: Values): Readonly<Record<string, string>> {
  const { required = [], properties = {} } = INPUTS[kind] ?? {};
  const found = Object.entries(properties).map(([name, field]): [string, string | undefined] => {
    const value = input[name];
    if (value === undefined && typeOf(field) === 'boolean') return [name, undefined];
    if (value === undefined) return [name, required.includes(name) && !ASKED_ELSEWHERE.has(name) ? TEXTS.required : undefined];
    return [name, wrongValue(field, value)];
  });
  return Object.fromEntries(found.filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function wrongValue(field: FieldSchema, value: unknown): string | undefined {
  const { pattern, minLength = 0, maxLength = Infinity, minimum = -Infinity, maximum = Infinity } = field;
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return TEXTS.wrongForm;
    if (value < minimum) return TEXTS.atLeast(minimum);
    return value > maximum ? TEXTS.atMost(maximum) : undefined;
  }
  if (Array.isArray(value) && field.items?.type === 'object') {
    return (value as readonly Rule[]).every(isWholeRule) ? undefined : TEXTS.rules.incomplete;
  }
  if (typeof value !== 'string') return undefined;
  if (value.length < minLength) return TEXTS.tooShort(minLength);
  if (value.length > maxLength) return TEXTS.tooLong(maxLength);
  return pattern && !new RegExp(pattern, 'u').test(value) ? TEXTS.wrongForm : undefined;
}
