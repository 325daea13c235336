import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../..');
const FOLDERS = ['apps', 'libs', 'test', 'docs', 'bench', 'deploy'];
const ROOT_FILES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'Dockerfile', 'docker-compose.yml', '.env.example', 'jest.config.js'];
/** Recordings of older releases, and the two files with deliberately wrong citations. */
const LEFT_OUT = /^test\/(releases\/[^/]+\/|architecture\/citations(\.spec)?\.ts$)/;

/** Citations of documents outside the repository. The fallback path of the provider's OpenAPI document is the only exception. */
const OUTSIDE: readonly RegExp[] = [
  /\bdesign,?( section)? \d[\d.]*|\bdesign section\b|\bof the design\b/i,
  /\bperformance,? (section \d+|[A-Z]\d)\b/,
  /\brenovation(\.md|,? (section )?\d)/i,
  /(?<![\w-])shared\/(?!digitalocean-openapi\.json)[\w.-]*/,
];

export interface TextFile {
  /** The path from the root of the repository. */
  readonly path: string;
  readonly text: string;
}

/** Everything that a file may cite. */
export interface Citable {
  readonly prefixes: readonly string[];
  readonly guarantees: ReadonlySet<string>;
  readonly decisions: ReadonlySet<string>;
  /** The section numbers of each page, by its name without the file extension. */
  readonly sections: Readonly<Record<string, ReadonlySet<string>>>;
  readonly targets: ReadonlySet<string>;
  readonly exists: (path: string) => boolean;
}

/** Returns every text file of the repository that can contain citations. */
export function citingFiles(): TextFile[] {
  const paths = FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
  );
  return [...paths, ...ROOT_FILES].filter((path) => !LEFT_OUT.test(path)).map((path) => ({ path, text: read(path) }));
}

export function citable(): Citable {
  const law = read('docs/guarantees.md');
  const sectionsOf = (text: string) => new Set([...text.matchAll(/^(?:## |- \*\*)(\d+(?:\.\d+)?)\.? /gm)].map(([, number = '']) => number));
  return {
    prefixes: /^Prefixes of ids: (.*)$/m.exec(law)?.[1]?.split(', ') ?? [],
    guarantees: new Set([...law.matchAll(/^- \*\*([A-Z]{3}-\d+)\*\* /gm)].map(([, id = '']) => id)),
    decisions: new Set(readdirSync(join(ROOT, 'docs/decisions')).flatMap((name) => /^\d{4}/.exec(name) ?? [])),
    sections: { guarantees: sectionsOf(law), 'digitalocean-facts': sectionsOf(read('docs/digitalocean-facts.md')) },
    targets: new Set([...read('docs/measurements.md').matchAll(/^\| ([A-Z]\d) \| /gm)].map(([, id = '']) => id)),
    exists: (path) => existsSync(join(ROOT, path)),
  };
}

/** Returns the ids of promises in a text without duplicates. SHA-256 is not an id, because SHA is not a prefix of ids. */
export function citedIds(text: string, prefixes: readonly string[]): string[] {
  const ids = [...text.matchAll(/\b([A-Z]{3})-\d{1,2}\b(?!-)/g)].flatMap(([id, prefix = '']) => (prefixes.includes(prefix) ? [id] : []));
  return [...new Set(ids)];
}

/** Returns the citations of a file that do not exist in the repository. */
export function wrongCitations({ path, text }: TextFile, law: Citable): string[] {
  const flowing = text.replace(/\n\s*(?:\*|\/\/|#)?[ \t]*/g, ' ');
  const wrong = [
    ...citedIds(text, law.prefixes).filter((id) => !law.guarantees.has(id)),
    ...OUTSIDE.flatMap((pattern) => pattern.exec(flowing)?.[0] ?? []),
    ...citedPages(flowing).filter((page) => !isInRepository(page, path, law)),
    ...[...flowing.matchAll(/\bdecisions?[ /](\d{4})\b/gi)].flatMap(([cited, number = '']) => (law.decisions.has(number) ? [] : [cited])),
    ...Object.entries(law.sections).flatMap(([page, known]) => unknownNumbers(flowing, page, /\d+(?:\.\d+)?/, known)),
    ...unknownNumbers(flowing, 'measurements', /[A-Z]\d\b/, law.targets),
  ];
  return wrong.map((citation) => `${path} cites ${citation}`);
}

/** Returns the test names of a spec in the order of the file. The texts of an `each` table count as names as well. */
export function testNames({ path, text }: TextFile): string[] {
  const names: string[] = [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(it|test|describe)(\.\w+)*(?:[(`]|$)/.test(node.expression.getText(source))) {
      const [named] = node.arguments;
      if (named) names.push(named.getText(source));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

/** Returns the pages that a text names: `docs/api.md`, `../operations.md#sweeps`, `measurements.md`. */
function citedPages(text: string): string[] {
  return [...text.matchAll(/(?<![\w./<-])((?:\.{0,2}\/)?(?:[\w.-]+\/)*[\w-]+\.md)\b/g)].map(([, page = '']) => page);
}

/** Resolves a page from the root, from the folder of the file, or in `docs` by its name alone. */
function isInRepository(page: string, from: string, law: Citable): boolean {
  return [page, join(dirname(from), page), join('docs', page)].some((path) => !path.startsWith('..') && law.exists(path));
}

/** Returns cited numbers that a page of `docs` does not have, as in `docs/digitalocean-facts.md 1.1, 1.2`. */
function unknownNumbers(text: string, page: string, number: RegExp, known: ReadonlySet<string>): string[] {
  const cited = new RegExp(`\\b${page}\\.md\`?,?(?: sections?)? (${number.source}(?:(?:, | and | to )${number.source})*)`, 'g');
  return [...text.matchAll(cited)].flatMap(([, list = '']) =>
    [...list.matchAll(new RegExp(number.source, 'g'))].flatMap(([one]) => (known.has(one) ? [] : [`docs/${page}.md ${one}`])),
  );
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
