import type { Column, Content, ContentTable, ContentText, CustomTableLayout, TableCell, TDocumentDefinitions } from 'pdfmake/interfaces';
import type { RoundingSteps, TenantProof } from './document-sealer';
import { printedAmount, wordsOf, type DocumentWords } from './document-words';
import type { DocumentLine, DocumentParty, TenantDocument } from '../pricing/tenant-document';

/** Ink, quiet text, rules and the panel behind the amount due. */
const COLOURS = { ink: '#18212f', quiet: '#667085', rule: '#d0d5dd', hairline: '#eaecf0', panel: '#f5f6f8', void: '#b42318' };
const MARGIN = { side: 48, top: 44, bottom: 62 };
const CONTENT_WIDTH = 595.28 - 2 * MARGIN.side;

/** What is under the table of lines stays together on a page up to this many taxes. */
const MOST_TAXES_TOGETHER = 12;

/** The largest size of the logo, in points. It keeps its proportions. */
const LOGO = { width: 170, height: 48 };

/** The page description of a document. Everything in it comes from the frozen document and its proof. `logo`: the picture as a data URL. */
export function documentLayout({ document, root, steps }: TenantProof, logo?: string): TDocumentDefinitions {
  const words = wordsOf(document.language);
  return {
    pageSize: 'A4',
    pageMargins: [MARGIN.side, MARGIN.top, MARGIN.side, MARGIN.bottom],
    defaultStyle: { font: 'Roboto', fontSize: 9, lineHeight: 1.15, color: COLOURS.ink },
    ...(document.kind === 'void_notice'
      ? { watermark: { text: words.void, color: COLOURS.void, opacity: 0.14, bold: true, fontSize: 170, angle: -50 } }
      : {}),
    content: [
      heading(document, words, logo),
      facts(document, words),
      parties(document, words),
      lineTable(document, steps, words),
      { unbreakable: document.taxes.length <= MOST_TAXES_TOGETHER, stack: [totals(document, words), ...notes(document, words)] },
    ],
    footer: (page, of) => footer(document.number, root, words, page, of),
  };
}

function heading({ kind, title, issuer }: TenantDocument, words: DocumentWords, logo: string | undefined): Content {
  const name: ContentText = { text: issuer.name, fontSize: 10.5, bold: true, alignment: 'right', margin: [0, 6, 0, 0] };
  const picture = logo !== undefined && { image: logo, fit: [LOGO.width, LOGO.height] as [number, number], alignment: 'right' as const };
  return {
    columns: [
      { width: '*', text: kind === 'void_notice' ? `${title} · ${words.void}` : title, fontSize: 22, bold: true, lineHeight: 1 },
      { width: 230, stack: picture ? [picture, name] : [name] },
    ],
    columnGap: 20,
    margin: [0, 0, 0, 16],
  };
}

/** Number, dates and period on the left, and what is to be paid on the right. */
function facts(document: TenantDocument, words: DocumentWords): Content {
  const isInvoice = document.kind === 'invoice';
  const pairs: [string, string | null][] = [
    [document.kind === 'credit_note' ? words.creditNoteNumber : words.invoiceNumber, document.number],
    [isInvoice ? words.replaces : words.refersTo, document.refers_to === document.number ? null : document.refers_to],
    [words.issued, words.date(document.issued_on)],
    [words.period, document.period && words.month(document.period)],
    [words.due, isInvoice && document.due_on ? words.date(document.due_on) : null],
    [words.order, document.customer.purchase_order],
  ];
  const given = pairs.filter((pair): pair is [string, string] => pair[1] !== null && pair[1] !== '');
  const [label, amount] = isInvoice ? [words.amountDue, document.due] : [words.credited, document.total];
  return {
    columns: [
      {
        width: '*',
        layout: 'noBorders',
        table: {
          widths: [92, '*'],
          body: given.map(([name, value]) => [
            { text: name, color: COLOURS.quiet, fontSize: 8.5 },
            { text: breakable(value), fontSize: 9 },
          ]),
        },
      },
      document.kind === 'void_notice'
        ? { width: 200, text: '' }
        : panel(label, money(amount, document, words), isInvoice && document.due_on ? words.by(words.date(document.due_on)) : ' '),
    ],
    columnGap: 24,
    margin: [0, 0, 0, 18],
  };
}

/** A word of so many letters fits into every column; wide letters count half as much again. */
const LONGEST_WORD = 34;
const widthOf = (word: string): number => word.length + (word.match(/[A-ZА-ЯΑ-ΩŁ@%_]/gu)?.length ?? 0) / 2;

/** A text in which words that are wider than a column break anywhere: a name without spaces would push the columns off the page. */
function breakable(text: string): string | ContentText[] {
  const parts = text.split(/(\S+)/);
  if (parts.every((part) => widthOf(part) <= LONGEST_WORD)) return text;
  return parts
    .filter((part) => part !== '')
    .map((part) => (widthOf(part) > LONGEST_WORD ? { text: part, wordBreak: 'break-all' } : { text: part }));
}

function panel(label: string, amount: string, below: string): Column {
  const cell: TableCell = {
    fillColor: COLOURS.panel,
    stack: [
      { text: label, color: COLOURS.quiet, fontSize: 8.5 },
      { text: amount, fontSize: 16, bold: true, margin: [0, 2, 0, 2], lineHeight: 1 },
      { text: below, color: COLOURS.quiet, fontSize: 8.5 },
    ],
    alignment: 'right',
    margin: [12, 8, 12, 7],
  };
  return { width: 200, layout: 'noBorders', table: { widths: ['*'], body: [[cell]] } };
}

function parties({ issuer, customer }: TenantDocument, words: DocumentWords): Content {
  return { columns: [party(words.from, issuer), party(words.to, customer)], columnGap: 24, margin: [0, 0, 0, 20] };
}

function party(role: string, { name, address, country, tax_ids }: DocumentParty): Column {
  return {
    width: '*',
    stack: [
      { text: role, color: COLOURS.quiet, fontSize: 8.5, margin: [0, 0, 0, 2] },
      { text: breakable(name), bold: true },
      { text: breakable([address, country].filter((part) => part !== '').join('\n')) },
      ...tax_ids.map(({ kind, id }): Content => ({ text: breakable(`${kind} ${id}`), color: COLOURS.quiet })),
    ],
  };
}

function lineTable(document: TenantDocument, steps: readonly RoundingSteps[], words: DocumentWords): ContentTable {
  const header = (text: string, alignment: 'left' | 'right' = 'right'): TableCell => ({
    text,
    alignment,
    color: COLOURS.quiet,
    fontSize: 8,
  });
  const taxOf = new Map(
    steps.flatMap(({ lines, tax_steps }) => tax_steps.map(({ value }, at): [number, string] => [lines[at] ?? 0, value])),
  );
  return {
    layout: RULED,
    margin: [0, 0, 0, 10],
    table: {
      headerRows: 1,
      dontBreakRows: true,
      widths: [20, '*', 50, 60, 62, 56],
      body: [
        [
          header('#', 'left'),
          header(words.description, 'left'),
          header(words.quantity),
          header(words.unitPrice),
          header(`${words.lineNet} (${document.currency})`),
          header(words.lineTax),
        ],
        ...document.lines.map((line) => lineRow(line, taxOf.get(line.line_no), words)),
      ],
    },
  };
}

function lineRow(line: DocumentLine, tax: string | undefined, words: DocumentWords): TableCell[] {
  const rate = `${line.tax_rate} %${line.tax_category === 'S' ? '' : ` ${line.tax_category}`}`;
  return [
    { text: String(line.line_no), color: COLOURS.quiet, fontSize: 8.5 },
    twoRows(`${line.correction ? words.correction : ''}${line.description}`, nameBelow(line), 'left'),
    twoRows(line.quantity ?? '', line.quantity === null ? null : words.unitOf(line.unit, line.quantity)),
    twoRows(line.unit_price ?? '', null),
    twoRows(printedAmount(line.net, words), null),
    twoRows(tax === undefined ? rate : printedAmount(tax, words), tax === undefined ? null : rate),
  ];
}

/** The provider begins most descriptions with the name of the resource; it is not printed twice. */
const nameBelow = ({ description, resource_name: name }: DocumentLine): string | null =>
  name !== null && !description.startsWith(name) ? name : null;

function twoRows(first: string, second: string | null, alignment: 'left' | 'right' = 'right'): TableCell {
  const rows: Content[] = [{ text: breakable(first), fontSize: 8.5 }];
  if (second) rows.push({ text: breakable(second), fontSize: 7.5, color: COLOURS.quiet });
  return { stack: rows, alignment };
}

/** A rule below the header, hairlines between rows, and no vertical lines. */
const RULED: CustomTableLayout = {
  hLineWidth: (at, { table: { body } }) => (at === 0 ? 0 : at === 1 || at === body.length ? 0.8 : 0.5),
  hLineColor: (at, { table: { body } }) => (at === 1 || at === body.length ? COLOURS.rule : COLOURS.hairline),
  vLineWidth: () => 0,
  paddingLeft: (at) => (at === 0 ? 0 : 5),
  paddingRight: (at, { table: { body } }) => (at === (body[0]?.length ?? 0) - 1 ? 0 : 5),
  paddingTop: () => 4,
  paddingBottom: () => 4,
};

function totals(document: TenantDocument, words: DocumentWords): Content {
  const { kind, net, tax, taxes, total, wallet, due, currency } = document;
  const amount = (text: string) => printedAmount(text, words);
  const row = (label: string, value: string, isStrong = false): TableCell[] => [
    { text: label, color: isStrong ? COLOURS.ink : COLOURS.quiet, bold: isStrong },
    { text: value, alignment: 'right', bold: isStrong },
  ];
  const rows = [
    row(words.net, amount(net)),
    ...taxes.map((one) => row(words.taxOf(one.label, amount(one.net)), amount(one.tax))),
    ...(taxes.length > 1 ? [row(words.lineTax, amount(tax))] : []),
    row(`${kind === 'credit_note' ? words.credited : words.total} (${currency})`, amount(total), true),
  ];
  const totalAt = rows.length - 1;
  if (kind === 'invoice' && /[1-9]/.test(wallet))
    rows.push(row(words.wallet, amount(wallet)), row(`${words.amountDue} (${currency})`, amount(due), true));
  return {
    columns: [
      { width: '*', text: '' },
      {
        width: 270,
        table: { widths: ['*', 90], body: rows },
        layout: {
          ...RULED,
          hLineWidth: (at, { table: { body } }) => (at === totalAt || (at === body.length - 1 && at > totalAt) ? 0.8 : 0),
          hLineColor: () => COLOURS.rule,
          paddingTop: () => 3,
          paddingBottom: () => 3,
        },
      },
    ],
    margin: [0, 2, 0, 18],
  };
}

/** What the law and the payment ask for, each under its name. */
function notes({ kind, refers_to, taxes, issuer, fx, reason }: TenantDocument, words: DocumentWords): Content[] {
  const note = (name: string | null, text: string): Content => ({
    margin: [0, 0, 0, 10],
    stack: [
      ...(name === null ? [] : [{ text: name, bold: true, fontSize: 8.5, margin: [0, 0, 0, 1] as [number, number, number, number] }]),
      { text: breakable(text), fontSize: 8.5 },
    ],
  });
  const notesOf: Content[] = [];
  if (kind === 'void_notice') notesOf.push(note(null, words.voidNotice(refers_to ?? '')));
  for (const { label, text } of taxes) if (text !== null) notesOf.push(note(label, text));
  if (reason !== null) notesOf.push(note(words.reason, reason));
  if (fx !== null) notesOf.push(note(null, words.exchange(fx)));
  if (kind === 'invoice' && issuer.bank_text) notesOf.push(note(words.payment, issuer.bank_text));
  return notesOf;
}

function footer(number: string, root: string, words: DocumentWords, page: number, of: number): Content {
  return {
    margin: [MARGIN.side, 18, MARGIN.side, 0],
    fontSize: 6.8,
    color: COLOURS.quiet,
    stack: [
      {
        canvas: [{ type: 'line', x1: 0, y1: 0, x2: CONTENT_WIDTH, y2: 0, lineWidth: 0.5, lineColor: COLOURS.hairline }],
        margin: [0, 0, 0, 6],
      },
      {
        columns: [
          { width: '*', text: `${number} · ${words.proof} ${root}` },
          { width: 70, text: words.page(page, of), alignment: 'right' },
        ],
      },
    ],
  };
}

const money = (amount: string, { currency }: TenantDocument, words: DocumentWords): string => `${currency} ${printedAmount(amount, words)}`;
