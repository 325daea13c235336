// Counts what the form of the source tree is measured by, on the current tree: source files, statements of SQL, words, circles of imports, and the
// files on three paths. `--json` prints all of it; `--list` names files and statements; `--no-paths` leaves out the paths, which need a
// build and a database.
import { cyclesOf } from './walk/cycles.mjs';
import { countBy, productFiles, sizes } from './walk/sources.mjs';
import { statementsOf } from './walk/statements.mjs';
import { commentsOf, wordsOf } from './walk/words.mjs';

const has = (flag) => process.argv.includes(flag);
const LONGEST_COMMENT_LINE = 140;

const files = productFiles();
const statements = statementsOf(files);
/** Released migrations keep their text for ever. */
const writable = files.filter(({ path }) => !path.includes('/migrations/'));
const commentLines = writable.flatMap(({ text, tree }) => commentsOf(text, tree).flatMap((comment) => comment.split('\n')));
const paths = has('--no-paths') ? undefined : await (await import('./walk/paths.mjs')).pathsOf();
const counted = {
  sources: sizes(files),
  migrations: files.length - writable.length,
  statements: { total: statements.length, byRoom: countBy(statements, ({ room }) => room), ...(has('--list') && { list: statements }) },
  words: wordsOf(writable),
  comments: { lines: commentLines.length, longerThan140: commentLines.filter(({ length }) => length > LONGEST_COMMENT_LINE).length },
  cycles: cyclesOf(files),
  ...(paths && { paths: Object.fromEntries(Object.entries(paths).map(([name, list]) => [name, { files: list.length, ...(has('--list') && { list }) }])) }), // prettier-ignore
};

if (has('--json')) console.log(JSON.stringify(counted, null, 2));
else print(counted);

function print({ sources, words, comments, cycles }) {
  const circles = (list) => list.map(({ room, of, members }) => `  ${room}: ${members.length} of ${of} (${members.join(', ')})`).join('\n') || '  none'; // prettier-ignore
  const all = (counts) => Object.entries(counts).map(([room, count]) => `${room} ${count}`).join(', '); // prettier-ignore
  console.log(`source files without specs: ${sources.files}, ${sources.lines} lines, median ${sources.median}`);
  console.log(`  of 25 lines or fewer: ${sources.of25LinesOrFewer}, without index files ${sources.noIndexOf25LinesOrFewer}; of 15 or fewer without index files: ${sources.noIndexOf15LinesOrFewer}`); // prettier-ignore
  console.log(`  above 300 lines: ${sources.above300.join(', ') || 'none'}`);
  console.log(`  longest: ${sources.longest.map(({ path, lines }) => `${path} ${lines}`).join(', ')}`);
  console.log(`  by room: ${all(sources.byRoom)}`);
  console.log(
    `hand-written statements outside migrations: ${statements.length}\n  by room: ${all(countBy(statements, ({ room }) => room))}`,
  );
  if (has('--list')) for (const { at, text } of statements) console.log(`  ${at} ${text}`);
  console.log(`comment lines: ${comments.lines}, longer than ${LONGEST_COMMENT_LINE}: ${comments.longerThan140}`);
  console.log('words: in identifiers (distinct names) / in comments / in strings without SQL');
  for (const [word, count] of Object.entries(words)) console.log(`  ${word}: ${count.identifiers} (${count.names}) / ${count.comments} / ${count.strings}`); // prettier-ignore
  console.log(`circles of folders:\n${circles(cycles.folders)}\ncircles of files, types included:\n${circles(cycles.files)}`);
  console.log(`circles of files by value:\n${circles(cycles.filesByValue)}`);
  const names = {
    provider: 'one GET of the provider',
    inventory: 'one page of the inventory over HTTP',
    saga: 'one provision saga, libraries',
  };
  for (const [name, list] of Object.entries(paths ?? {})) {
    console.log(`files on the path of ${names[name]}: ${list.length}`);
    if (has('--list')) for (const path of list) console.log(`  ${path}`);
  }
}
