// Hand-written SQL: string and template literals of product code, outside migrations and functions, that begin with a verb of SQL in lower case. Parts of
// statements that begin otherwise, and statements of one word (begin, commit, rollback), are none.
import ts from 'typescript';
import { eachNode } from './sources.mjs';

// prettier-ignore
const STATEMENT =
  /^\s*(?:select\s|insert\s+into\s|update\s+\S+\s+(?:as\s+)?(?:\w+\s+)?set\s|delete\s+from\s|with\s[\s\S]{0,400}?\bas\s+(?:materialized\s*|not\s+materialized\s*)?\(|copy\s+\S+\s*[(\s]|create\s+(?:temp|unlogged|table|schema|role|database|index|unique|or)\b|alter\s+(?:role|table|database|default|schema|system)\b|drop\s+(?:table|schema|role|database|index)\b|grant\s|revoke\s|truncate\s|lock\s+table\s|analyze\s|set\s+(?:local|role|constraints|session)\s|show\s|listen\s|savepoint\s)/;

export function statementsOf(files) {
  const found = [];
  for (const { path, room, tree } of files) {
    if (path.includes('/migrations/') || path.includes('/functions/')) continue;
    eachNode(tree, (node) => {
      const text = ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) ? node.text : templateText(node);
      if (text === undefined || !isStatement(text, node)) return;
      const line = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;
      found.push({ room, at: `${path}:${line}`, text: text.replaceAll(/\s+/g, ' ').trim().slice(0, 120) });
    });
  }
  return found;
}

/** A template with the places of its expressions as `${}`. */
function templateText(node) {
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join('${}');
}

/** Text of an API, of an error or of a command line is none, also when it begins with such a word. */
const isStatement = (text, node) => STATEMENT.test(text) && !ts.isImportDeclaration(node.parent);
