import { parentPort } from 'node:worker_threads';
import type { PrintAnswer, PrintRequest } from './printer';
import { renderPdf } from './render-pdf';

/** The thread of `Printer`. The build packs it into a file of its own (apps/cli/bundle.mjs). */
parentPort?.on('message', ({ id, proof, logo }: PrintRequest) => {
  const answer = (content: Omit<PrintAnswer, 'id'>) => parentPort?.postMessage({ id, ...content }, []);
  renderPdf(proof, logo && { mediaType: logo.mediaType, bytes: Buffer.from(logo.bytes) }).then(
    (bytes) => answer({ bytes }),
    (error: unknown) => answer({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
