// The words that renovated code stops using, counted apart: in identifiers, in comments, and in string literals without SQL.
import ts from 'typescript';
import { eachNode } from './sources.mjs';

/** Each with the forms that count. A phrase is found in identifiers as its words in camel case. */
const WORDS = {
  gone: ['gone'],
  'let go': ['let go', 'lets go', 'letting go'],
  buried: ['bury', 'buried', 'buries'],
  told: ['told'],
  tell: ['tell', 'tells', 'telling'],
  nobody: ['nobody'],
  whoever: ['whoever'],
  held: ['held'],
  shown: ['shown'],
  answers: ['answers'],
  says: ['says', 'said'],
  looks: ['looks', 'look'],
  'as it is': ['as it is'],
  'what is there': ['what is there'],
  'what was ordered': ['what was ordered'],
  door: ['door', 'doors'],
  verdict: ['verdict', 'verdicts'],
  former: ['former'],
  bell: ['bell', 'bells', 'doorbell', 'doorbells'],
  ring: ['ring', 'rings', 'rung', 'rang'],
  'laid out': ['laid out', 'lay out', 'lays out'],
  'takes turns': ['take turns', 'takes turns'],
  whose: ['whose'],
  'of now': ['of now'],
  'of then': ['of then'],
  life: ['life', 'lives'],
  patience: ['patience', 'patient', 'patiently'],
  news: ['news'],
  doubts: ['doubt', 'doubts'],
  catalogue: ['catalogue', 'catalogues'],
};

const pattern = (forms) => new RegExp(`\\b(?:${forms.map((form) => form.replaceAll(' ', '\\s+(?:\\*\\s+|//\\s+)?')).join('|')})\\b`, 'gi');
const PATTERNS = Object.entries(WORDS).map(([word, forms]) => [word, pattern(forms)]);
const SQL = /^\s*(?:select|insert|update|delete|with|create|copy)\b/;

/** { word: { identifiers, names, comments, strings } }: `identifiers` counts every occurrence, `names` each distinct one once. */
export function wordsOf(files) {
  const counted = Object.fromEntries(
    Object.keys(WORDS).map((word) => [word, { identifiers: 0, names: new Set(), comments: 0, strings: 0 }]),
  );
  const count = (text, what) => {
    for (const [word, regex] of PATTERNS) counted[word][what] += text.match(regex)?.length ?? 0;
  };
  for (const { tree, text } of files) {
    eachNode(tree, (node) => {
      if (ts.isIdentifier(node)) {
        for (const [word, regex] of PATTERNS) {
          if (!inWords(node.text).match(regex)) continue;
          counted[word].identifiers += 1;
          counted[word].names.add(node.text);
        }
      } else if (
        (ts.isStringLiteral(node) && !ts.isImportDeclaration(node.parent) && !ts.isExportDeclaration(node.parent)) ||
        isTemplatePart(node)
      ) {
        if (!SQL.test(node.text)) count(node.text.replaceAll('_', ' '), 'strings');
      }
    });
    for (const comment of commentsOf(text, tree)) count(comment, 'comments');
  }
  return Object.fromEntries(Object.entries(counted).map(([word, { names, ...rest }]) => [word, { ...rest, names: names.size }]));
}

const isTemplatePart = (node) =>
  ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateHead(node) || ts.isTemplateMiddle(node) || ts.isTemplateTail(node);

/** `lastGone_at` → "last Gone at". */
const inWords = (name) =>
  name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .replaceAll(/\s+/g, ' ');

/** Every comment of a file once: comments stand in front of a token. Those in the code of template literals are found too. */
export function commentsOf(text, tree) {
  const seen = new Map();
  eachNode(tree, (node) => {
    const [leading, trailing] = [ts.getLeadingCommentRanges(text, node.getFullStart()), ts.getTrailingCommentRanges(text, node.getEnd())];
    if (ts.isJsxText?.(node) || isTemplatePart(node)) return;
    for (const range of [...(leading ?? []), ...(trailing ?? [])]) seen.set(range.pos, text.slice(range.pos, range.end));
  });
  for (const range of ts.getLeadingCommentRanges(text, tree.endOfFileToken.getFullStart()) ?? []) seen.set(range.pos, text.slice(range.pos, range.end)); // prettier-ignore
  return [...seen.values()];
}
