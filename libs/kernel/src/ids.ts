/** The form of a UUID in lower case, without anchors and groups: part of larger patterns, also in SQL. */
export const UUID_PATTERN = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

/** The cursor key of the many lists that are ordered by an id. */
export const UUID_KEY = new RegExp(`^${UUID_PATTERN}$`);

/** True for a UUID of any version in lower case. */
export function isUuid(text: string): boolean {
  return UUID_KEY.test(text);
}
