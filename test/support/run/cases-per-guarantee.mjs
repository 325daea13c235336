/**
 * Prints the number of test cases for each guarantee id, so that two commits can be compared:
 * `npx jest -t 'no such name' --json --outputFile=/tmp/cases.json --forceExit`, then `node test/support/run/cases-per-guarantee.mjs /tmp/cases.json`.
 * Jest lists every case of an `it.each` there, also when none runs.
 */
import { readFileSync } from 'node:fs';

/** `[SAG-1]`, `[SAG-1, OPS-3]` or `[SAG-1 to SAG-4, OPS-3]`. */
const GUARANTEES = /\[([A-Z]{3}-\d+(?:(?:, | to )[A-Z]{3}-\d+)*)\]/g;
const counts = new Map();
for (const file of process.argv.slice(2)) {
  const { testResults } = JSON.parse(readFileSync(file, 'utf8'));
  for (const { fullName } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
    for (const [, list] of fullName.matchAll(GUARANTEES)) {
      for (const id of list.split(', ').flatMap(idsIn)) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
}
for (const id of [...counts.keys()].toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))) console.log(`${id} ${counts.get(id)}`);

/** `SAG-1 to SAG-3` names three ids. */
function idsIn(range) {
  const [first, last = first] = range.split(' to ');
  const [prefix, from] = first.split('-');
  return Array.from({ length: Number(last.split('-')[1]) - Number(from) + 1 }, (_, nth) => `${prefix}-${Number(from) + nth}`);
}
