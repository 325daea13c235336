import { crc32, deflateSync, inflateSync } from 'node:zlib';

/** A picture as rows of red, green and blue, a byte each. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Buffer;
}

export interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');
/** Samples of a pixel by the colour type of the PNG specification: grey, RGB, palette, grey with alpha, RGB with alpha. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;

export const isPng = (bytes: Buffer): boolean => bytes.subarray(0, 8).equals(SIGNATURE);

/** The size that the header names, before anything is decoded. Throws `RangeError` for what is not supported: 16 bits a sample and interlaced pictures. */
export function pngHeader(bytes: Buffer): Header {
  const data = bytes.subarray(16, 29);
  if (bytes.toString('latin1', 12, 16) !== 'IHDR' || data.length < 13) throw new RangeError('it has no header');
  const [width, height, depth, colour] = [data.readUInt32BE(0), data.readUInt32BE(4), data[8] ?? 0, data[9] ?? 0];
  if (!(colour in SAMPLES) || ![1, 2, 4, 8].includes(depth)) throw new RangeError('it has more than 8 bits for a colour; save it with 8');
  if (data[12] !== 0) throw new RangeError('it is interlaced; save it without');
  return { width, height, depth, colour };
}

/** Decodes a PNG. What is transparent becomes white, the colour of the paper. Throws `RangeError` for a file that is damaged or not supported. */
export function decodePng(bytes: Buffer): Pixels {
  const header = pngHeader(bytes);
  const chunks = chunksOf(bytes);
  const joined = (type: string) => Buffer.concat(chunks.flatMap((one) => (one.type === type ? [one.data] : [])));
  const { width, height, depth, colour } = header;
  const bits = depth * (SAMPLES[colour] ?? 1);
  const stride = Math.ceil((width * bits) / 8);
  const raw = inflated(joined('IDAT'), (stride + 1) * height);
  const rows = unfiltered(raw, stride, Math.max(1, bits >> 3));
  const [palette, clear] = [joined('PLTE'), joined('tRNS')];
  const rgb = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const pixel = pixelOf(header, rows.subarray(y * stride, (y + 1) * stride), x, palette, clear);
      rgb.set(overWhite(pixel), (y * width + x) * 3);
    }
  return { width, height, rgb };
}

/** Writes a PNG without transparency and metadata, in one piece of data. */
export function encodePng({ width, height, rgb }: Pixels): Buffer {
  const stride = width * 3;
  const raw = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y += 1) rgb.copy(raw, y * (stride + 1) + 1, y * stride, (y + 1) * stride);
  return pngOf(width, height, deflateSync(raw, { level: 9 }));
}

/** The file of `encodePng` around its compressed data, which a PDF has without the file. */
export function pngOf(width: number, height: number, data: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(named), 4);
  return Buffer.concat([frame.subarray(0, 4), named, frame.subarray(4)]);
}

function chunksOf(bytes: Buffer): { readonly type: string; readonly data: Buffer }[] {
  const chunks: { type: string; data: Buffer }[] = [];
  for (let at = SIGNATURE.length; at < bytes.length;) {
    if (at + 12 > bytes.length) throw new RangeError('it ends early');
    const length = bytes.readUInt32BE(at);
    const named = bytes.subarray(at + 4, at + 8 + length);
    if (named.length < length + 4 || at + 12 + length > bytes.length) throw new RangeError('it ends early');
    if (crc32(named) !== bytes.readUInt32BE(at + 8 + length)) throw new RangeError('it is damaged');
    chunks.push({ type: named.toString('latin1', 0, 4), data: named.subarray(4) });
    at += 12 + length;
  }
  return chunks;
}

/** Never more than the header promises, so that a small file cannot fill the memory. */
function inflated(data: Buffer, length: number): Buffer {
  try {
    const raw = inflateSync(data, { maxOutputLength: length });
    if (raw.length === length) return raw;
  } catch {
    // Refused below
  }
  throw new RangeError('its data is not that of a picture of this size');
}

/** Undoes the filters of the rows (PNG specification, section 9). */
function unfiltered(raw: Buffer, stride: number, step: number): Buffer {
  const height = raw.length / (stride + 1);
  const rows = Buffer.alloc(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = raw[y * (stride + 1)] ?? 0;
    if (filter > 4) throw new RangeError('it has an unknown filter');
    for (let x = 0; x < stride; x += 1) {
      const at = y * stride + x;
      const left = x >= step ? (rows[at - step] ?? 0) : 0;
      const up = y > 0 ? (rows[at - stride] ?? 0) : 0;
      const corner = x >= step && y > 0 ? (rows[at - stride - step] ?? 0) : 0;
      rows[at] = ((raw[y * (stride + 1) + 1 + x] ?? 0) + guessOf(filter, left, up, corner)) & 255;
    }
  }
  return rows;
}

function guessOf(filter: number, left: number, up: number, corner: number): number {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    default:
      return paeth(left, up, corner);
  }
}

function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

type Pixel = readonly [red: number, green: number, blue: number, alpha: number];

function pixelOf({ colour, depth }: Header, row: Buffer, x: number, palette: Buffer, clear: Buffer): Pixel {
  const sample = (no: number) => {
    const bit = (x * (SAMPLES[colour] ?? 1) + no) * depth;
    return ((row[bit >> 3] ?? 0) >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
  };
  if (colour === PALETTE) {
    const at = sample(0);
    if (at * 3 + 2 >= palette.length) throw new RangeError('it has a colour that is not in its palette');
    return [palette[at * 3] ?? 0, palette[at * 3 + 1] ?? 0, palette[at * 3 + 2] ?? 0, clear[at] ?? 255];
  }
  const scaled = (no: number) => (sample(no) * 255) / ((1 << depth) - 1);
  const isGrey = colour === 0 || colour === 4;
  const [red, green, blue] = isGrey ? [scaled(0), scaled(0), scaled(0)] : [scaled(0), scaled(1), scaled(2)];
  if (colour === 4 || colour === 6) return [red, green, blue, sample(isGrey ? 1 : 3)];
  const isClear = clear.length > 0 && (isGrey ? [0] : [0, 1, 2]).every((no) => clear.readUInt16BE(no * 2) === sample(no));
  return [red, green, blue, isClear ? 0 : 255];
}

const overWhite = ([red, green, blue, alpha]: Pixel): number[] =>
  [red, green, blue].map((value) => Math.round((value * alpha + 255 * (255 - alpha)) / 255));
