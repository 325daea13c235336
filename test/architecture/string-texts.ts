import ts from 'typescript';

/** A string of a source file. The expressions of a template are kept as `${expression}`. */
export interface StringText {
  readonly text: string;
  readonly line: number;
}

/** Returns every string literal and template of a file, without comments. */
export function stringTexts(source: string): StringText[] {
  const file = ts.createSourceFile('file.ts', source, ts.ScriptTarget.Latest, true);
  const found: StringText[] = [];
  const visit = (node: ts.Node): void => {
    const text = textOf(node, file);
    if (text !== undefined) found.push({ text, line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1 });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Returns every number of a file, as written without separators. */
export function numberTexts(source: string): string[] {
  const file = ts.createSourceFile('file.ts', source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) found.push(node.text.replace(/n$/, '').replaceAll('_', ''));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function textOf(node: ts.Node, file: ts.SourceFile): string | undefined {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (!ts.isTemplateExpression(node)) return undefined;
  return node.templateSpans.reduce((text, span) => `${text}\${${span.expression.getText(file)}}${span.literal.text}`, node.head.text);
}
