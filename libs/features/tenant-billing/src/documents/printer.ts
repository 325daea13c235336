import { Worker } from 'node:worker_threads';
import type { LogoType } from '../pricing/tenant-document';
import type { PrintedLogo } from './render-pdf';

export interface PrintRequest {
  readonly id: number;
  /** The tenant's proof as JSON. */
  readonly proof: string;
  /** The thread receives a `Uint8Array` in the place of a `Buffer`. */
  readonly logo?: { readonly mediaType: LogoType; readonly bytes: Uint8Array };
}

/** Either the file or why there is none. */
export interface PrintAnswer {
  readonly id: number;
  readonly bytes?: Uint8Array;
  readonly failure?: string;
}

interface Waiting {
  readonly resolve: (bytes: Buffer) => void;
  readonly reject: (error: Error) => void;
}

/** A thread with the documents that wait for it. */
interface PrintThread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** The package and its fonts take some 60 MB, which a worker without documents does not keep. */
const IDLE_MS = 60_000;

/**
 * Prints documents in a thread of its own: a document of 1,000 lines takes more than half a second of CPU, and leases, health and sagas go on meanwhile.
 * The thread begins with the first document, ends when it has been idle, and never keeps a process alive. When it dies, what waits for it is
 * rejected, and the next document begins another one.
 */
export class Printer {
  private thread: PrintThread | undefined;
  private idle: NodeJS.Timeout | undefined;
  private last = 0;

  /** Packed, as the processes are: a thread begins with a file. It is looked for with the first document. */
  constructor(private readonly threadFile = () => require.resolve('#processes/print-thread')) {}

  /** Returns the PDF of a proof. Rejects when it cannot be printed, or when the thread dies. */
  print(proof: string, logo?: PrintedLogo): Promise<Buffer> {
    const { worker, waiting } = (this.thread ??= this.start());
    clearTimeout(this.idle);
    worker.ref();
    const id = (this.last += 1);
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      const request: PrintRequest = { id, proof, ...(logo && { logo }) };
      worker.postMessage(request, []);
    });
  }

  private start(): PrintThread {
    const thread = { worker: new Worker(this.threadFile(), { name: 'print' }), waiting: new Map<number, Waiting>() };
    const { worker, waiting } = thread;
    worker.on('message', ({ id, bytes, failure }: PrintAnswer) => {
      const { resolve, reject } = waiting.get(id) ?? {};
      waiting.delete(id);
      if (bytes) resolve?.(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      else reject?.(new Error(`the document cannot be printed: ${failure}`));
      if (waiting.size === 0) this.rest(thread);
    });
    const end = (error: Error): void => {
      if (this.thread === thread) this.thread = undefined;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    };
    worker.once('error', end);
    worker.once('exit', (code) => end(new Error(`the thread that prints documents ended with code ${code}`)));
    return thread;
  }

  private rest({ worker }: PrintThread): void {
    worker.unref();
    this.idle = setTimeout(() => {
      this.thread = undefined;
      void worker.terminate();
    }, IDLE_MS).unref();
  }
}
