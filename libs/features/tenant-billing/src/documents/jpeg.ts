/** A JPEG without metadata. */
export interface Jpeg {
  readonly width: number;
  readonly height: number;
  readonly bytes: Buffer;
}

/** Frames that readers of PDF know: baseline, extended, progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2];
/** The other frames, such as lossless ones. Three of the range are tables. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
const [START, END, SCAN, COMMENT] = [0xd8, 0xd9, 0xda, 0xfe];
/** JFIF, and Adobe's note of the colour transform. */
const KEPT_APPS = [0xe0, 0xee];

export const isJpeg = (bytes: Buffer): boolean => bytes[0] === 0xff && bytes[1] === START;

/**
 * Reads a JPEG piece by piece. Its pixels stay as they are: a PDF has them in this form. Camera, place and preview are left out, as are comments,
 * and what follows the end. Throws `RangeError` for a file that is damaged or not supported, such as one in the colours of printing.
 */
export function readJpeg(bytes: Buffer): Jpeg {
  const kept: Buffer[] = [bytes.subarray(0, 2)];
  let size: { width: number; height: number } | undefined;
  let hasPixels = false;
  for (let at = 2; ;) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === undefined) throw new RangeError('it ends early');
    if (marker === END) {
      if (!size || !hasPixels) throw new RangeError('it has no picture');
      return { ...size, bytes: Buffer.concat([...kept, bytes.subarray(at, at + 2)]) };
    }
    if (at + 4 > bytes.length) throw new RangeError('it ends early');
    const head = at + 2 + bytes.readUInt16BE(at + 2);
    const next = marker === SCAN ? endOfScan(bytes, head) : head;
    if (FRAMES.includes(marker)) size = frameOf(bytes.subarray(at, next));
    else if (isFrame(marker)) throw new RangeError('it is compressed in a way that few programs read; save it as baseline');
    if (marker === SCAN) hasPixels = true;
    const isApp = (marker >= 0xe0 && marker <= 0xef) || marker === COMMENT;
    if (!isApp || KEPT_APPS.includes(marker)) kept.push(bytes.subarray(at, next));
    at = next;
  }
}

/** The place of the first marker after the pixels of a scan: 0xff that is neither a byte of the pixels, which a zero follows, nor a restart. */
function endOfScan(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const marker = bytes[at + 1] ?? 0;
    const isRestart = marker >= 0xd0 && marker <= 0xd7;
    if (marker !== 0 && marker !== 0xff && !isRestart) return at;
  }
  throw new RangeError('it ends early');
}

function frameOf(frame: Buffer): { width: number; height: number } {
  if (frame.length < 10) throw new RangeError('it ends early');
  const [depth, components] = [frame[4], frame[9]];
  if (depth !== 8) throw new RangeError('it has more than 8 bits for a colour; save it with 8');
  if (components !== 1 && components !== 3) throw new RangeError('it has the colours of printing (CMYK); save it in RGB');
  return { height: frame.readUInt16BE(5), width: frame.readUInt16BE(7) };
}
