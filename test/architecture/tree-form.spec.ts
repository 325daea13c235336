import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

interface Walk {
  readonly sources: {
    readonly files: number;
    readonly median: number;
    readonly above300: readonly string[];
    readonly noIndexOf15LinesOrFewer: number;
    readonly byRoom: Readonly<Record<string, number>>;
  };
  readonly migrations: number;
  readonly words: Readonly<Record<string, { readonly identifiers: number; readonly comments: number }>>;
  readonly cycles: { readonly folders: readonly unknown[]; readonly filesByValue: readonly unknown[] };
}

/** Words of the field that this repository used in a private sense, with the names that stay because they are stored or part of the API. */
const NAMES_THAT_STAY: Readonly<Record<string, number>> = { gone: 4, held: 2, shown: 3 };
const MOST_PER_WORD_IN_COMMENTS = 5;
/**
 * A new kind, table or feature may raise the product's by the files that it declares. The simulator is counted by itself: it shares no code with the
 * product and grows with what it plays. Released migrations can neither be merged nor be left out, so they have no limit.
 */
const MOST_FILES = { product: 800, simulator: 64 } as const;
const TOO_MANY_FILES = 'put the code into the file that it belongs to, or merge a small file into another';

let walk: Walk;
beforeAll(() => {
  const script = resolve(__dirname, '../../bench/walk.mjs');
  walk = JSON.parse(execFileSync(process.execPath, [script, '--json', '--no-paths'], { encoding: 'utf8' })) as Walk;
});

it('the source stays in fewer and fuller files', () => {
  const simulator = walk.sources.byRoom['apps/simulator'] ?? 0;
  const files = { product: walk.sources.files - walk.migrations - simulator, simulator };
  for (const part of ['product', 'simulator'] as const) {
    const tooMany = `${files[part]} files of the ${part}, at most ${MOST_FILES[part]} are allowed: ${TOO_MANY_FILES}`;
    expect(files[part] > MOST_FILES[part] ? tooMany : 'few enough files').toBe('few enough files');
  }
  expect(walk.sources.median).toBeGreaterThanOrEqual(60);
  expect(walk.sources.noIndexOf15LinesOrFewer).toBeLessThanOrEqual(40);
  expect(walk.sources.above300).toEqual([]);
});

it('folders of a library or app form no cycle, nor do files by value', () => {
  expect(walk.cycles.folders).toEqual([]);
  expect(walk.cycles.filesByValue).toEqual([]);
});

it('identifiers and comments use the words of the field', () => {
  for (const [word, { identifiers, comments }] of Object.entries(walk.words)) {
    expect({ word, identifiers: identifiers <= (NAMES_THAT_STAY[word] ?? 0) }).toEqual({ word, identifiers: true });
    expect({ word, comments: comments <= MOST_PER_WORD_IN_COMMENTS }).toEqual({ word, comments: true });
  }
});
