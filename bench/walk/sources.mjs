// Product source as the walk reads it: every .ts file of apps and libs but specs, with its syntax tree.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** { path, room, text, lines, tree, imports }: `room` is the library or app, `imports` are paths of other product files. */
export function productFiles() {
  const paths = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /(?<!\.spec|\.d)\.ts$/.test(entry.name))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name))),
  );
  const known = new Set(paths);
  return paths.toSorted().map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    return { path, room: roomOf(path), text, lines: text.split('\n').length - 1, tree, imports: importsOf(tree, path, known) };
  });
}

/** The library or app that a path belongs to: the folder that has `src`. */
const roomOf = (path) => path.slice(0, path.indexOf('/src/'));

/** Imports and re-exports of the same room, types included; each with `type: true` where only types pass. */
function importsOf(tree, path, known) {
  return tree.statements.flatMap((statement) => {
    const from = (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) && statement.moduleSpecifier?.text;
    if (!from || !from.startsWith('.')) return [];
    const base = join(path, '..', from);
    const target = [`${base}.ts`, join(base, 'index.ts'), base.replace(/\.js$/, '.ts')].find((one) => known.has(one));
    return target === undefined ? [] : [{ path: target, type: onlyTypes(statement) }];
  });
}

function onlyTypes(statement) {
  const clause = ts.isImportDeclaration(statement) ? statement.importClause : statement;
  if (clause === undefined) return false;
  if (clause.isTypeOnly || clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = ts.isImportDeclaration(statement) ? clause.namedBindings : clause.exportClause;
  return Boolean(!clause.name && names?.elements?.length > 0 && names.elements.every((element) => element.isTypeOnly));
}

/** Calls `visit` for every node of a tree. */
export function eachNode(tree, visit) {
  const walk = (node) => {
    visit(node);
    ts.forEachChild(node, walk);
  };
  walk(tree);
}

export function sizes(files) {
  const byLines = files.toSorted((a, b) => a.lines - b.lines);
  const isIndex = ({ path }) => path.endsWith('/index.ts');
  return {
    files: files.length,
    lines: files.reduce((sum, { lines }) => sum + lines, 0),
    median: byLines[Math.floor(byLines.length / 2)]?.lines ?? 0,
    of25LinesOrFewer: files.filter(({ lines }) => lines <= 25).length,
    noIndexOf25LinesOrFewer: files.filter((file) => file.lines <= 25 && !isIndex(file)).length,
    noIndexOf15LinesOrFewer: files.filter((file) => file.lines <= 15 && !isIndex(file)).length,
    above300: files.filter(({ lines }) => lines > 300).map(({ path }) => path),
    longest: byLines.slice(-10).toReversed().map(({ path, lines }) => ({ path, lines })), // prettier-ignore
    byRoom: countBy(files, ({ room }) => room),
  };
}

export function countBy(things, keyOf) {
  const counts = {};
  for (const thing of things) counts[keyOf(thing)] = (counts[keyOf(thing)] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).toSorted(([a], [b]) => a.localeCompare(b)));
}
