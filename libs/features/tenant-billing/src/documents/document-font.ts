import { readFileSync } from 'node:fs';

/** The font of all documents. It comes with pdfmake; docs/decisions/0036 lists what it covers. */
export const FONT_FILES = { normal: 'Roboto-Regular.ttf', bold: 'Roboto-Medium.ttf' } as const;

const PATHS: Readonly<Record<string, string>> = {
  [FONT_FILES.normal]: require.resolve('pdfmake/fonts/Roboto/Roboto-Regular.ttf'),
  [FONT_FILES.bold]: require.resolve('pdfmake/fonts/Roboto/Roboto-Medium.ttf'),
};

export const fontFile = (name: string): Buffer => readFileSync(PATHS[name] ?? name);

let glyphs: ReadonlySet<number> | undefined;

/** The characters of a text that documents cannot print, each once. Line feeds are no characters here. */
export function charactersWithoutGlyph(text: string): string[] {
  glyphs ??= codePointsOf(fontFile(FONT_FILES.normal));
  const known = glyphs;
  return [...new Set(text)].filter((character) => character !== '\n' && !known.has(character.codePointAt(0) ?? 0));
}

/** The code points of the Unicode table (`cmap`, format 4) of a TrueType font. */
function codePointsOf(font: Buffer): Set<number> {
  const subtable = subtableOf(font, tableOf(font, 'cmap'));
  const segments = font.readUInt16BE(subtable + 6) / 2;
  const [ends, starts] = [subtable + 14, subtable + 16 + 2 * segments];
  const [deltas, offsets] = [starts + 2 * segments, starts + 4 * segments];
  const points = new Set<number>();
  for (let at = 0; at < segments; at += 1) {
    const start = font.readUInt16BE(starts + 2 * at);
    const offset = font.readUInt16BE(offsets + 2 * at);
    for (let point = start; point <= font.readUInt16BE(ends + 2 * at) && point < 0xffff; point += 1) {
      const place = offsets + 2 * at + offset + 2 * (point - start);
      const index = offset === 0 ? point : font.readUInt16BE(place);
      const glyph = index === 0 ? 0 : (index + font.readUInt16BE(deltas + 2 * at)) % 0x10000;
      if (glyph !== 0) points.add(point);
    }
  }
  return points;
}

function tableOf(font: Buffer, tag: string): number {
  for (let at = 12; at < 12 + 16 * font.readUInt16BE(4); at += 16)
    if (font.toString('latin1', at, at + 4) === tag) return font.readUInt32BE(at + 8);
  throw new RangeError(`the font has no table ${tag}`);
}

function subtableOf(font: Buffer, cmap: number): number {
  for (let at = cmap + 4; at < cmap + 4 + 8 * font.readUInt16BE(cmap + 2); at += 8) {
    const subtable = cmap + font.readUInt32BE(at + 4);
    if (font.readUInt16BE(subtable) === 4) return subtable;
  }
  throw new RangeError('the font has no Unicode table of format 4');
}
