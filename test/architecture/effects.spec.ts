import { readText, sourceFiles } from './source-tree';

const PROVISIONING = 'libs/features/provisioning/src';
/** A method of a file of calls that sends a write. Methods that use another write of their class count too. */
const METHOD = /^ {2}(?:async )?(\w+)\([^)]*\)(?:: [^\n]+)? \{\n([\s\S]*?)^ {2}\}/gm;
/** Steps that write to the provider outside `ctx.effect`, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};

const stepFiles = sourceFiles(PROVISIONING).map(({ path }) => path).filter((path) => /\/(droplets|dns|products|reverts)\//.test(path) && !path.endsWith('.spec.ts')); // prettier-ignore

/** The names of the methods that write: `provider.send`, also through another method of the class. */
function writingMethods(text: string): string[] {
  const methods = [...text.replaceAll(/^ {2}private /gm, '  ').matchAll(METHOD)].map(([, name = '', body = '']) => ({ name, body }));
  const direct = methods.filter(({ body }) => body.includes('provider.send(')).map(({ name }) => name);
  return methods
    .filter(({ name, body }) => direct.includes(name) || direct.some((one) => body.includes(`this.${one}(`)))
    .map(({ name }) => name);
}

/** The text of each `ctx.effect(…)` call up to its closing bracket. */
function effectsIn(text: string): string[] {
  return [...text.matchAll(/ctx\.effect\(/g)].map(({ index }) => {
    let depth = 0;
    for (let at = text.indexOf('(', index); at < text.length; at += 1) {
      if (text[at] === '(') depth += 1;
      if (text[at] === ')' && (depth -= 1) === 0) return text.slice(index, at);
    }
    return '';
  });
}

/** The bodies of private methods that an effect's `send` calls, such as a loop over several writes. */
function calledBy(effect: string, text: string): string {
  const names = [...effect.matchAll(/this\.(\w+)\(/g)].map(([, name = '']) => name);
  return [...text.replaceAll(/^ {2}private /gm, '  ').matchAll(METHOD)].filter(([, name = '']) => names.includes(name)).map(([method]) => method).join('\n'); // prettier-ignore
}

const calls = sourceFiles(`${PROVISIONING}/provider`).map(({ path }) => path).filter((path) => path.endsWith('-calls.ts')); // prettier-ignore
const writes = calls.flatMap((path) => writingMethods(readText(path) ?? '')).filter((name) => name !== 'sendDroplet');

it('knows the writes of the provider', () => {
  expect([...new Set(writes)].toSorted()).toEqual(
    ['addToDroplet', 'assignResources', 'create', 'delete', 'destroy', 'removeFromDroplet', 'startAction', 'update'].toSorted(),
  );
});

it('every provider write of a step goes through ctx.effect [SAG-5, SAG-19]', () => {
  const WRITE = new RegExp(String.raw`this\.(?:droplets|records|snapshots|projects|tags|products)\.(?:${[...new Set(writes)].join('|')})\(`, 'g');
  const outside = stepFiles.flatMap((path) => {
    const text = readText(path) ?? '';
    const inside = effectsIn(text).flatMap((effect) => [...`${effect}\n${calledBy(effect, text)}`.matchAll(WRITE)].length);
    const all = [...text.matchAll(WRITE)].length;
    return inside.reduce((sum, one) => sum + one, 0) === all || path in EXCEPTIONS ? [] : [path];
  });
  expect(outside).toEqual([]);
  expect(stepFiles.filter((path) => (readText(path) ?? '').includes('ctx.effect(')).length).toBeGreaterThanOrEqual(8);
});

it('no step casts an intent or an output: both have the types of its definition', () => {
  const CAST = /\b(?:intent|output|context)\b[^\n;]*\bas (?!const\b)/;
  const casts = stepFiles.flatMap(
    (path) =>
    (readText(path) ?? '').split('\n').filter((line) => !/^\s*(?:\*|\/\/|\/\*)/.test(line) && CAST.test(line)).map((line) => `${path}: ${line.trim()}`), // prettier-ignore
  );
  expect(casts).toEqual([]);
});
