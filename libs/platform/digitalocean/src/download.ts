import { Transform, type Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DocumentTooLongError } from './digitalocean.errors';

/** The longest document that is stored: a million invoice lines are about 150 MB. [OPS-10] */
const MAX_DOCUMENT_BYTES = 1024 * 1024 * 1024;
/** The part of an error body that is read. */
const MAX_ERROR_BYTES = 64 * 1024;
/** Enough to distinguish the page of a proxy from a document. */
const BEGINNING_BYTES = 512;

/** The provider delivered the document, but the sink failed or the document exceeds `MAX_DOCUMENT_BYTES`. `cause` is that error. */
export class SinkFailure extends Error {
  constructor(override readonly cause: unknown) {
    super('the document could not be stored');
  }
}

/** Writes a 2xx body to a sink, opened only then, and returns the beginning of the body. Of any other body only the beginning is read. */
export async function receiveDocument(status: number, body: Readable, openSink: () => Writable, signal: AbortSignal): Promise<string> {
  return status >= 200 && status < 300 ? writeToSink(body, openSink(), signal) : readBeginning(body);
}

/** Streams the body, so that only a few chunks are in memory. Throws `SinkFailure`, or the error that broke the body off. */
async function writeToSink(body: Readable, sink: Writable, signal: AbortSignal): Promise<string> {
  let failedFirst: 'body' | 'sink' | undefined; // a pipeline destroys all its streams with the error of the first one that failed
  body.once('error', () => (failedFirst ??= 'body'));
  sink.once('error', () => (failedFirst ??= 'sink'));
  let bytes = 0;
  let beginning = Buffer.alloc(0);
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (beginning.length < BEGINNING_BYTES) beginning = Buffer.concat([beginning, chunk.subarray(0, BEGINNING_BYTES)]);
      bytes += chunk.length;
      done(bytes > MAX_DOCUMENT_BYTES ? new DocumentTooLongError() : null, chunk);
    },
  });
  try {
    await pipeline(body, measure, sink, { signal });
    return beginning.toString('utf8');
  } catch (error) {
    if (error instanceof DocumentTooLongError || (failedFirst === 'sink' && !signal.aborted)) throw new SinkFailure(error);
    throw error;
  }
}

async function readBeginning(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_ERROR_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
