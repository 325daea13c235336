import { Transform, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DocumentTooLongError } from '../provider.error';

/** Longest document that is kept (OPS-10): a million invoice lines are about 150 MB. */
const LONGEST_DOCUMENT_BYTES = 1024 * 1024 * 1024;
/** Enough to tell a page of a proxy from a document. */
const LOOKED_AT_BYTES = 512;

/** The provider did its part: what the document was to be written to failed, or it is longer than anything that is taken. */
export class SinkFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('the document could not be kept');
  }
}

/** Writes a body as it comes, never more of it in memory than a few chunks; answers its beginning. Throws `SinkFailure`, or what broke the body off. */
export async function keepDocument(body: Readable, sink: Writable, signal: AbortSignal): Promise<string> {
  let failedFirst: 'body' | 'sink' | undefined; // a pipeline ends all its streams with the error of the first
  body.once('error', () => (failedFirst ??= 'body'));
  sink.once('error', () => (failedFirst ??= 'sink'));
  let bytes = 0;
  let start = Buffer.alloc(0);
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (start.length < LOOKED_AT_BYTES) start = Buffer.concat([start, chunk.subarray(0, LOOKED_AT_BYTES)]);
      bytes += chunk.length;
      done(bytes > LONGEST_DOCUMENT_BYTES ? new DocumentTooLongError() : null, chunk);
    },
  });
  try {
    await pipeline(body, count, sink, { signal });
    return start.toString('utf8');
  } catch (error) {
    if (error instanceof DocumentTooLongError || (failedFirst === 'sink' && !signal.aborted)) throw new SinkFailure(error);
    throw error;
  }
}

/** The beginning of a body that is not kept: of an error, for its explanation. */
export async function readStart(body: Readable, mostBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > mostBytes) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
