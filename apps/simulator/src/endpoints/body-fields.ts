import { objectBody, type ProviderRequest, unprocessable } from '../http/route';
import type { OpaqueRecord } from '../world/records';
import type { World } from '../world/world';

type Check = (value: unknown, world: World) => boolean;

/** The checks of a body by the name of its field; a name that ends with `?` is optional. Fields that are not named are ignored. */
export type Fields = Readonly<Record<string, Check>>;

/** The named fields of the body. Throws the provider's 422 for a missing or invalid one, and its 400 for a body that is no object. */
export function readBody(world: World, request: ProviderRequest, fields: Fields): OpaqueRecord {
  const names = Object.keys(fields);
  const body = request.body === undefined && names.every((name) => name.endsWith('?')) ? {} : objectBody(request);
  const read: OpaqueRecord = {};
  for (const given of names) {
    const name = given.replace(/\?$/, '');
    const value = body[name];
    if (value === undefined || (value === null && given !== name)) {
      if (given === name) throw unprocessable(`${name} is required`);
      continue;
    }
    if (fields[given]?.(value, world) !== true) throw unprocessable(`${name} is invalid`);
    read[name] = value;
  }
  return read;
}

/** A text that is not empty. */
export const text: Check = (value) => typeof value === 'string' && value !== '';
export const flag: Check = (value) => typeof value === 'boolean';
export const anObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
export const number: Check = (value) => typeof value === 'number';
/** A name of letters, digits, dots and dashes. */
export const name: Check = (value) => typeof value === 'string' && /^[a-zA-Z0-9.-]{1,255}$/.test(value);
export const like =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
export const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
/** A whole number from `least` to `most`. */
export const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER): Check =>
  (value) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
/** A list with at least `least` items. */
export const listOf =
  (check: Check, least = 0): Check =>
  (value, world) =>
    Array.isArray(value) && value.length >= least && value.every((item) => check(item, world));
export const texts = listOf((value) => typeof value === 'string');

/** The slug of a region or of a size of droplets. */
export const region: Check = (value, world) => typeof value === 'string' && world.collections.regions.get(value) !== undefined;
export const dropletSize: Check = (value, world) => typeof value === 'string' && world.collections.sizes.get(value) !== undefined;
export const network: Check = (value, world) => typeof value === 'string' && world.collections.vpcs.get(value) !== undefined;
export const droplet: Check = (value, world) => typeof value === 'number' && world.collections.droplets.get(value) !== undefined;
export const project: Check = (value, world) => typeof value === 'string' && world.collections.projects.get(value) !== undefined;
