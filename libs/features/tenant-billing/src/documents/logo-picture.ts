import { createHash } from 'node:crypto';
import { ValidationFailedError } from '#libs/kernel';
import type { LogoType } from '../pricing/tenant-document';
import { isJpeg, readJpeg } from './jpeg';
import { decodePng, encodePng, isPng, pngHeader } from './png';

/** A picture as documents print it. Equal pictures have equal bytes. */
export interface LogoPicture {
  readonly mediaType: LogoType;
  readonly width: number;
  readonly height: number;
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** The largest file that can be uploaded. In base64 it fits into the limit of a request. */
export const MOST_LOGO_BYTES = 65_536;
/** The most pixels of a side. */
const MOST_PIXELS = 2_000;
/** The most pixels of a whole picture: more than 300 dots an inch at the place of the logo. Decoding them keeps the process busy for a tenth of a second. */
const MOST_AREA = 250_000;

/**
 * Reads an uploaded logo. A PNG is decoded and written anew without transparency and metadata, so that it is printed to the same bytes on every
 * machine. A JPEG loses its metadata. Throws `ValidationFailedError` for anything else than a PNG or JPEG of a bounded size.
 */
export function readLogo(bytes: Buffer): LogoPicture {
  const refuse = (message: string) => new ValidationFailedError([{ field: 'image', message }]);
  if (bytes.length > MOST_LOGO_BYTES) throw refuse(`must have at most ${MOST_LOGO_BYTES / 1024} KiB`);
  if (!isPng(bytes) && !isJpeg(bytes)) throw refuse('must be a PNG or a JPEG');
  try {
    const mediaType: LogoType = isPng(bytes) ? 'image/png' : 'image/jpeg';
    const { width, height } = isPng(bytes) ? pngHeader(bytes) : readJpeg(bytes);
    if (width < 1 || height < 1 || width > MOST_PIXELS || height > MOST_PIXELS || width * height > MOST_AREA)
      throw refuse(`must have at most ${MOST_PIXELS} pixels a side and ${MOST_AREA} together; it has ${width} × ${height}`);
    const stored = mediaType === 'image/png' ? encodePng(decodePng(bytes)) : readJpeg(bytes).bytes;
    return { mediaType, width, height, bytes: stored, sha256: createHash('sha256').update(stored).digest('hex') };
  } catch (error) {
    if (error instanceof RangeError) throw refuse(`cannot be read: ${error.message}`);
    throw error;
  }
}
