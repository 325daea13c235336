/**
 * Names are compared in one letter case, of ASCII letters only: the one notion of it that code and every database share, whatever its collation.
 * DigitalOcean's names of droplets have no others.
 */
export function inOneCase(name: string): string {
  return name.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** The same in SQL. */
export function lowered(column: string): string {
  return `lower(${column} collate "C")`;
}
