type Json = Record<string, unknown>;

/** Converts the official document to JSON Schema: `nullable` becomes a union with null, and known faults are corrected. */
export function toJsonSchema(document: Json): Json {
  return mendKnownFaults(withNulls(document) as Json);
}

function withNulls(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withNulls);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, discriminator, example: _example, examples: _examples, ...rest } = node as Json;
  const converted: Json = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, withNulls(value)]));
  if (discriminator !== undefined && 'oneOf' in converted) {
    // The branches overlap (every snapshot request is also a plain action), so the discriminator chooses instead of "exactly one".
    converted.anyOf = converted.oneOf;
    delete converted.oneOf;
  }
  return nullable === true ? { anyOf: [{ type: 'null' }, converted] } : converted;
}

/** Corrects faults of the document that the real API, and therefore the simulator, does not follow. */
function mendKnownFaults(document: Json): Json {
  const schemas = (document.components as Json).schemas as Record<string, Json>;
  // The URN pattern lists nine kinds. The API's own table and client have more (app, image, volumesnapshot, reservedipv6, …).
  if (schemas.urn !== undefined) schemas.urn.pattern = '^do:[a-z0-9_]+:.+';
  // Billing history accepts page and per_page although the document omits them. The check accepts unknown query parameters.
  // The document omits `category` from the CSV of an invoice. The CSV is text in the document, so no schema applies to it.
  return document;
}
