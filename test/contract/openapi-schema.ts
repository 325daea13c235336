type Json = Record<string, unknown>;

/** The official document as JSON Schema: `nullable` becomes a union with null, and the document's known faults are mended. */
export function toJsonSchema(document: Json): Json {
  return mendKnownFaults(withNulls(document) as Json);
}

function withNulls(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNulls);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, discriminator, example: _example, examples: _examples, ...rest } = node as Json;
  const converted: Json = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, withNulls(value)]));
  if (discriminator !== undefined && 'oneOf' in converted) {
    // The branches overlap (every snapshot request is also a plain action): the discriminator chooses, not "exactly one".
    converted.anyOf = converted.oneOf;
    delete converted.oneOf;
  }
  return nullable === true ? { anyOf: [{ type: 'null' }, converted] } : converted;
}

/** Faults of the document that the real API, and so the simulator, does not follow. */
function mendKnownFaults(document: Json): Json {
  const schemas = (document.components as Json).schemas as Record<string, Json>;
  // The URN pattern lists nine kinds; the API's own table and client have more (app, image, volumesnapshot, reservedipv6, …).
  if (schemas.urn !== undefined) schemas.urn.pattern = '^do:[a-z0-9_]+:.+';
  // Billing history takes page and per_page though the document does not say so: unknown query parameters are tolerated by the check.
  // The CSV of an invoice lacks `category` in the document: it is text there, and no schema applies to it.
  return document;
}
