/** A JPEG without metadata. */
export interface Jpeg {
  readonly width: number;
  readonly height: number;
  readonly bytes: Buffer;
}

/** Frames that readers of PDF know: baseline, extended, progressive. */
const FRAMES = [0xc0, 0xc1, 0xc2];
const [START, END, SCAN, COMMENT] = [0xd8, 0xd9, 0xda, 0xfe];
/** JFIF, and Adobe's note of the colour transform. */
const KEPT_APPS = [0xe0, 0xee];

export const isJpeg = (bytes: Buffer): boolean => bytes[0] === 0xff && bytes[1] === START;

/**
 * Reads a JPEG up to its pixels, which stay as they are: a PDF has them in this form. Camera, place and preview are left out, as are comments.
 * Throws `RangeError` for a file that is damaged or not supported, such as one in the colours of printing.
 */
export function readJpeg(bytes: Buffer): Jpeg {
  const kept: Buffer[] = [bytes.subarray(0, 2)];
  let size: { width: number; height: number } | undefined;
  for (let at = 2; ;) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === undefined || at + 4 > bytes.length) throw new RangeError('it ends early');
    const next = at + 2 + bytes.readUInt16BE(at + 2);
    const isApp = (marker >= 0xe0 && marker <= 0xef) || marker === COMMENT;
    if (FRAMES.includes(marker)) size = frameOf(bytes.subarray(at, next));
    if (marker === SCAN) {
      if (!size || bytes.at(-2) !== 0xff || bytes.at(-1) !== END) throw new RangeError('it ends early');
      return { ...size, bytes: Buffer.concat([...kept, bytes.subarray(at)]) };
    }
    if (!isApp || KEPT_APPS.includes(marker)) kept.push(bytes.subarray(at, next));
    at = next;
  }
}

function frameOf(frame: Buffer): { width: number; height: number } {
  if (frame.length < 10) throw new RangeError('it ends early');
  const [depth, components] = [frame[4], frame[9]];
  if (depth !== 8) throw new RangeError('it has more than 8 bits for a colour; save it with 8');
  if (components !== 1 && components !== 3) throw new RangeError('it has the colours of printing (CMYK); save it in RGB');
  return { height: frame.readUInt16BE(5), width: frame.readUInt16BE(7) };
}
