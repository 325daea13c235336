import { citable, citedIds, citingFiles, testNames, wrongCitations, type Citable } from './citations';

const law = citable();
const files = citingFiles();

it('has in the repository every promise, page, section, target and decision that a file cites', () => {
  expect(files.flatMap((file) => wrongCitations(file, law))).toEqual([]);
});

it('has a test name that quotes it for every promise', () => {
  const names = files.filter(({ path }) => path.endsWith('.spec.ts')).flatMap(testNames);
  const quoted = new Set(citedIds(names.join('\n'), law.prefixes));
  expect([...law.guarantees].filter((id) => !quoted.has(id))).toEqual([]);
});

it('has in the page of promises every family that it lists, numbered without a gap', () => {
  const families = law.prefixes.map((prefix) => [...law.guarantees].filter((id) => id.startsWith(`${prefix}-`)));
  expect(families.flat().sort()).toEqual([...law.guarantees].sort());
  for (const [at, ids] of families.entries()) {
    expect(ids).toEqual(Array.from({ length: Math.max(ids.length, 1) }, (_, n) => `${law.prefixes[at]}-${n + 1}`));
  }
});

describe('the finder of citations', () => {
  const small: Citable = {
    prefixes: ['INV'],
    guarantees: new Set(['INV-1']),
    decisions: new Set(['0001']),
    sections: { guarantees: new Set(['1']), 'digitalocean-facts': new Set(['1', '1.8']) },
    targets: new Set(['I1']),
    exists: (path) => ['docs/operations.md', 'libs/saga/README.md', 'docs/digitalocean-facts.md', 'docs/measurements.md'].includes(path),
  };
  const wrongIn = (text: string) => wrongCitations({ path: 'libs/saga/src/a.ts', text }, small).map((wrong) => wrong.split(' cites ')[1]);

  it.each([
    ['an id that no promise has', '/** Kept (INV-2). */', 'INV-2'],
    ['a section of a design', '// see design 9', 'design 9'],
    ['a section of a design, over two lines', ' * (design,\n * section 9)', 'design, section 9'],
    ['a design without a number', "it('lists the routes of the design')", 'of the design'],
    ['a target of a page outside', "it('performance I1: one look')", 'performance I1'],
    ['a section of a page that is not here', '// Renovation 4 wants it.', 'Renovation 4'],
    ['a folder beside the repository', '// ../shared/notes.txt', 'shared/notes.txt'],
    ['a page that does not exist', '// stack.md says so', 'stack.md'],
    ['a page of docs that does not exist', '// docs/stack.md', 'docs/stack.md'],
    ['a page above the repository', '// ../../../../operations.md', '../../../../operations.md'],
    ['a decision that does not exist', '// decision 0002', 'decision 0002'],
    ['a decision that does not exist, by its path', '// docs/decisions/0002', 'decisions/0002'],
    ['a section that the facts do not have', '// docs/digitalocean-facts.md 1.9', 'docs/digitalocean-facts.md 1.9'],
    ['the second of two sections', '// (docs/digitalocean-facts.md 1.8, 2)', 'docs/digitalocean-facts.md 2'],
    ['a section on the next line', ' * docs/digitalocean-facts.md\n * section 7', 'docs/digitalocean-facts.md 7'],
    ['a target that does not exist', '// docs/measurements.md I1 to I3', 'docs/measurements.md I3'],
  ])('finds %s', (_, text, wrong) => {
    expect(wrongIn(text)).toEqual([wrong]);
  });

  it('accepts citations that exist, and names that only resemble ids', () => {
    const right = [
      '// SHA-256 of it, as UTF-8 (INV-1); decision 0001, docs/digitalocean-facts.md 1.8 and 1, docs/measurements.md I1.',
      '// docs/operations.md, "Alarms"; ../README.md; by the design of TCP; performance.now(); test/integration/provisioning/shared-polls.spec',
      "join(REPOSITORY, '../shared/digitalocean-openapi.json')",
    ];
    expect(wrongIn(right.join('\n'))).toEqual([]);
  });

  it('reads test names only, not comments and other texts', () => {
    const text = [
      "it('keeps a row [INV-1]', () => expect('INV-2').toBe('x')); // INV-3",
      "it.each([['a']])('%s [INV-4]', () => {});",
      'describe(`all ${COUNT} [INV-5]`, () => {});',
    ];
    expect(citedIds(testNames({ path: 'a.spec.ts', text: text.join('\n') }).join('\n'), ['INV'])).toEqual(['INV-1', 'INV-4', 'INV-5']);
  });
});
