import { deflateSync } from 'node:zlib';
import { decodePng, encodePng, pngOf } from './png';
import { MOST_LOGO_BYTES, readLogo } from './logo-picture';

const problemOf = (bytes: Buffer): string => {
  try {
    readLogo(bytes);
    return 'read';
  } catch (error) {
    return (error as { errors?: { message: string }[] }).errors?.[0]?.message ?? String(error);
  }
};

/** A PNG of these rows, each with the number of its filter first. */
function aPng(
  width: number,
  rows: readonly (readonly number[])[],
  { colour = 2, depth = 8, interlaced = 0, more = [] as [string, number[]][] } = {},
): Buffer {
  const file = pngOf(width, rows.length, deflateSync(Buffer.from(rows.flat())));
  file.set([depth, colour, 0, 0, interlaced], 24);
  const chunks = more.map(([type, data]) => pieceOf(type, data));
  return Buffer.concat([file.subarray(0, 8), pieceOf('IHDR', [...file.subarray(16, 29)]), ...chunks, file.subarray(33)]);
}

/** A chunk with its length and its checksum, which the encoder computes for the data of pictures. */
function pieceOf(type: string, data: readonly number[]): Buffer {
  const table = Array.from({ length: 256 }, (_, no) =>
    Array.from({ length: 8 }).reduce((c: number) => (c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1), no),
  );
  const named = [...Buffer.from(type, 'latin1'), ...data];
  const crc = named.reduce((c, byte) => (table[(c ^ byte) & 255] ?? 0) ^ (c >>> 8), 0xffffffff) ^ 0xffffffff;
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeInt32BE(crc, 4);
  return Buffer.concat([frame.subarray(0, 4), Buffer.from(named), frame.subarray(4)]);
}

const RED = [255, 0, 0];
const pixels = (file: Buffer) => [...decodePng(file).rgb];

describe('a PNG', () => {
  it.each<[string, Buffer, number[]]>([
    ['RGB', aPng(2, [[0, ...RED, 1, 2, 3]]), [...RED, 1, 2, 3]],
    ['grey', aPng(2, [[0, 0, 200]], { colour: 0 }), [0, 0, 0, 200, 200, 200]],
    ['grey of one bit', aPng(3, [[0, 0b10100000]], { colour: 0, depth: 1 }), [255, 255, 255, 0, 0, 0, 255, 255, 255]],
    [
      'palette of four bits with a transparent colour',
      aPng(2, [[0, 0x01]], {
        colour: 3,
        depth: 4,
        more: [
          ['PLTE', [9, 9, 9, ...RED]],
          ['tRNS', [0]],
        ],
      }),
      [255, 255, 255, ...RED],
    ],
    ['grey with alpha', aPng(2, [[0, 10, 255, 10, 0]], { colour: 4 }), [10, 10, 10, 255, 255, 255]],
    ['RGB with alpha, half of it seen', aPng(1, [[0, 255, 0, 0, 128]], { colour: 6 }), [255, 127, 127]],
    ['RGB with one transparent colour', aPng(1, [[0, ...RED]], { more: [['tRNS', [0, 255, 0, 0, 0, 0]]] }), [255, 255, 255]],
  ])('is decoded: %s', (_, file, expected) => {
    expect(pixels(file)).toEqual(expected);
  });

  it('is decoded with every filter of its rows', () => {
    const rows = [
      [1, 10, 20, 30, 1, 1, 1],
      [2, 1, 1, 1, 1, 1, 1],
      [3, 5, 5, 5, 5, 5, 5],
      [4, 2, 2, 2, 2, 2, 2],
    ];
    expect(pixels(aPng(2, rows))).toEqual([
      10, 20, 30, 11, 21, 31, //
      11, 21, 31, 12, 22, 32, //
      10, 15, 20, 16, 23, 31, //
      12, 17, 22, 18, 25, 33,
    ]); // prettier-ignore
  });

  it('is written to a file that is read to the same pixels, whatever else the first file had', () => {
    const logo = readLogo(aPng(2, [[0, ...RED, 1, 2, 3]], { more: [['tEXt', [...Buffer.from('Author\0Ada')]]] }));
    expect(logo).toMatchObject({ mediaType: 'image/png', width: 2, height: 1 });
    expect(pixels(logo.bytes)).toEqual([...RED, 1, 2, 3]);
    expect(logo.bytes.includes('Ada')).toBe(false);
    expect(readLogo(logo.bytes).sha256).toBe(logo.sha256);
  });

  it('is refused when it is damaged, interlaced, too fine or larger than it says', () => {
    const good = aPng(1, [[0, ...RED]]);
    const damaged = Buffer.from(good);
    damaged[43] = (damaged[43] ?? 0) ^ 1;
    expect(problemOf(damaged)).toBe('cannot be read: it is damaged');
    expect(problemOf(good.subarray(0, -4))).toBe('cannot be read: it ends early');
    expect(problemOf(aPng(1, [[0, ...RED]], { interlaced: 1 }))).toContain('interlaced');
    expect(problemOf(aPng(1, [[0, ...RED]], { depth: 16 }))).toContain('more than 8 bits');
    expect(problemOf(aPng(1, [[9, ...RED]]))).toContain('unknown filter');
    expect(problemOf(aPng(1, [[0, 7]], { colour: 3, more: [['PLTE', RED]] }))).toContain('palette');
    expect(
      problemOf(
        aPng(
          1,
          Array.from({ length: 50 }, () => [0, ...RED]),
        ).subarray(0),
      ),
    ).toBe('read');
    expect(problemOf(pngOf(3, 3, deflateSync(Buffer.alloc(1_000_000))))).toContain('not that of a picture of this size');
    expect(problemOf(pngOf(2_001, 1, deflateSync(Buffer.alloc(6_004))))).toContain('it has 2001 × 1');
    expect(problemOf(pngOf(60_000, 60_000, deflateSync(Buffer.alloc(10))))).toContain('it has 60000 × 60000');
  });
});

/** A JPEG up to its scan, of which readers of PDF make the picture. */
const aJpeg = ({ components = 3, depth = 8, more = [] as number[] } = {}): Buffer => {
  const size = [depth, 0, 40, 0, 120, components, ...Array.from({ length: 3 * components }, () => 0)];
  const parts = [[0xff, 0xd8], more, [0xff, 0xc0, 0, size.length + 2], size, [0xff, 0xda, 0, 2, 1, 2, 3, 0xff, 0xd9]];
  return Buffer.from(parts.flat());
};

describe('a JPEG', () => {
  it('keeps its pixels and loses what describes how it was made', () => {
    const told = Buffer.from('taken at home');
    const logo = readLogo(aJpeg({ more: [0xff, 0xe1, 0, told.length + 2, ...told, 0xff, 0xfe, 0, 4, 65, 66] }));
    expect(logo).toMatchObject({ mediaType: 'image/jpeg', width: 120, height: 40 });
    expect(logo.bytes).toEqual(aJpeg());
  });

  it('loses what stands between its scans and after its end, and keeps its restarts and stuffed bytes', () => {
    const scan = [0xff, 0xda, 0, 2, 7, 0xff, 0, 8, 0xff, 0xd3, 9];
    const between = [0xff, 0xfe, 0, 5, 1, 2, 3];
    const [whole, plain] = [aJpeg(), aJpeg().subarray(0, -9)];
    const file = Buffer.concat([plain, Buffer.from([...scan, ...between, ...scan, 0xff, 0xd9]), Buffer.from('a second picture'), whole]);
    expect(readLogo(file).bytes).toEqual(Buffer.concat([plain, Buffer.from([...scan, ...scan, 0xff, 0xd9])]));
  });

  it('is refused in the colours of printing, with more bits, when it is lossless, has no pixels, or ends early', () => {
    const lossless = aJpeg();
    lossless[lossless.indexOf(0xc0)] = 0xc3;
    expect(problemOf(lossless)).toContain('save it as baseline');
    expect(problemOf(Buffer.concat([aJpeg().subarray(0, -9), Buffer.from([0xff, 0xd9])]))).toContain('no picture');
    expect(problemOf(aJpeg({ components: 4 }))).toContain('CMYK');
    expect(problemOf(aJpeg({ depth: 12 }))).toContain('more than 8 bits');
    expect(problemOf(aJpeg().subarray(0, -1))).toContain('ends early');
    expect(problemOf(aJpeg().subarray(0, 12))).toContain('ends early');
  });
});

it('refuses everything else, and files above the limit', () => {
  for (const file of ['GIF89a', '<svg xmlns="http://www.w3.org/2000/svg"/>', '%PDF-1.7', ''])
    expect(problemOf(Buffer.from(file))).toBe('must be a PNG or a JPEG');
  expect(problemOf(Buffer.concat([encodePng({ width: 1, height: 1, rgb: Buffer.alloc(3) }), Buffer.alloc(MOST_LOGO_BYTES)]))).toBe(
    'must have at most 64 KiB',
  );
});
