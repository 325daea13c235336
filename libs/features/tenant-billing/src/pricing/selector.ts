import { isReservedTag } from '#libs/inventory';
import { ValidationFailedError, type FieldError } from '#libs/kernel';
import type { RateModel } from './rate-model';

/** What a rate applies to: everything that agrees with all dimensions that are set. An empty selector applies to everything. */
export interface Selector {
  readonly product?: string;
  readonly kind?: string;
  /** A pattern of sizes, in which `*` is any text. */
  readonly sku?: string;
  readonly region?: string;
  readonly project_id?: string;
  /** A reserved tag of the resource. */
  readonly tag?: string;
}

export const SELECTOR_DIMENSIONS = ['product', 'kind', 'sku', 'region', 'project_id', 'tag'] as const;

/** What a line is about, as selectors see it. */
export interface RateSubject {
  readonly product: string;
  readonly kind: string;
  readonly sku: string | null;
  readonly region: string | null;
  readonly project_id: string | null;
  /** All tags of the resource; only reserved ones count. */
  readonly tags: readonly string[];
}

export interface Rate {
  readonly id: string;
  readonly selector: Selector;
  readonly model: RateModel;
  readonly priority: number;
}

/** The number of dimensions that are set. */
export const specificity = (selector: Selector): number =>
  SELECTOR_DIMENSIONS.filter((dimension) => selector[dimension] !== undefined).length;

/** Whether a selector applies to a line. Pure. */
export function selects({ product, kind, sku, region, project_id, tag }: Selector, subject: RateSubject): boolean {
  return (
    (product === undefined || product === subject.product) &&
    (kind === undefined || kind === subject.kind) &&
    (sku === undefined || (subject.sku !== null && matchesGlob(sku, subject.sku))) &&
    (region === undefined || region === subject.region) &&
    (project_id === undefined || project_id === subject.project_id) &&
    (tag === undefined || (isReservedTag(tag) && subject.tags.includes(tag)))
  );
}

/**
 * The rate of a line: of the first layer with one that applies, the most specific, then the highest priority, then the lowest id. Layers are, in
 * this order, overrides of the resource, overrides of the tenant, the tenant's card and the default card. Pure.
 */
export function chooseRate(layers: readonly (readonly Rate[])[], subject: RateSubject): Rate | undefined {
  for (const layer of layers) {
    const [best] = layer.filter(({ selector }) => selects(selector, subject)).sort(byPrecedence);
    if (best) return best;
  }
  return undefined;
}

function byPrecedence(one: Rate, other: Rate): number {
  return (
    specificity(other.selector) - specificity(one.selector) ||
    other.priority - one.priority ||
    (one.id < other.id ? -1 : one.id > other.id ? 1 : 0)
  );
}

/** Without a regular expression, so that a pattern with many stars stays cheap. */
function matchesGlob(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const [head = '', tail = ''] = [parts[0], parts.at(-1)];
  if (parts.length === 1) return pattern === text;
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false;
  let from = head.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, from);
    if (found < 0 || found + part.length > text.length - tail.length) return false;
    from = found + part.length;
  }
  return true;
}

/** Reads a selector from JSON. Throws `ValidationFailedError`. */
export function readSelector(given: unknown, path: string): Selector {
  const fields = typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Record<string, unknown>) : {};
  const problems: FieldError[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (!(SELECTOR_DIMENSIONS as readonly string[]).includes(name))
      problems.push({ field: `${path}.${name}`, message: `is no dimension: use ${SELECTOR_DIMENSIONS.join(', ')}` });
    else if (typeof value !== 'string' || value.trim() === '' || value.length > 200)
      problems.push({ field: `${path}.${name}`, message: 'must be text of 1 to 200 characters' });
    else if (name === 'tag' && !isReservedTag(value))
      problems.push({
        field: `${path}.tag`,
        message: 'must be a reserved tag (rate:, tenant:, arcadia- or managed-by-), which no tenant can set',
      });
  }
  if (problems.length > 0) throw new ValidationFailedError(problems);
  return fields;
}
