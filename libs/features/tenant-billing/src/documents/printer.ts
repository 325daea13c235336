import { Worker } from 'node:worker_threads';

export interface PrintRequest {
  readonly id: number;
  /** The tenant's proof as JSON. */
  readonly proof: string;
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

/** Packed, as the processes are: a thread begins with a file. It is looked for with the first document. */
const threadFile = (): string => require.resolve('#processes/print-thread');
/** The package and its fonts take some 60 MB, which a worker without documents does not keep. */
const IDLE_MS = 60_000;

/**
 * Prints documents in a thread of its own: a document of 1,000 lines takes more than half a second of CPU, and leases, health and sagas go on meanwhile.
 * The thread begins with the first document, ends when it has been idle, and never keeps a process alive. When it dies, what waits is rejected.
 */
export class Printer {
  private thread: Worker | undefined;
  private idle: NodeJS.Timeout | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  print(proof: string): Promise<Buffer> {
    const thread = (this.thread ??= this.start());
    clearTimeout(this.idle);
    thread.ref();
    const id = (this.last += 1);
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      const request: PrintRequest = { id, proof };
      thread.postMessage(request, []);
    });
  }

  private start(): Worker {
    const thread = new Worker(threadFile(), { name: 'print' });
    thread.on('message', ({ id, bytes, failure }: PrintAnswer) => {
      const { resolve, reject } = this.waiting.get(id) ?? {};
      this.waiting.delete(id);
      if (bytes) resolve?.(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
      else reject?.(new Error(`the document cannot be printed: ${failure}`));
      if (this.waiting.size === 0) this.rest(thread);
    });
    const end = (error: Error): void => {
      if (this.thread === thread) this.thread = undefined;
      const lost = [...this.waiting.values()];
      this.waiting.clear();
      for (const { reject } of lost) reject(error);
    };
    thread.once('error', end);
    thread.once('exit', (code) => end(new Error(`the thread that prints documents ended with code ${code}`)));
    return thread;
  }

  private rest(thread: Worker): void {
    thread.unref();
    this.idle = setTimeout(() => {
      this.thread = undefined;
      void thread.terminate();
    }, IDLE_MS).unref();
  }
}
