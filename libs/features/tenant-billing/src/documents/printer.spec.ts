import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Printer } from './printer';

/** A thread that returns the proof as its document, throws an error, or ends without a word. */
const THREAD = `
const { parentPort } = require('node:worker_threads');
parentPort.on('message', ({ id, proof }) => {
  if (proof === 'end') process.exit(3);
  if (proof === 'throw') throw new Error('out of memory');
  if (proof === 'refuse') parentPort.postMessage({ id, failure: 'no font' });
  else if (proof !== 'wait') parentPort.postMessage({ id, bytes: Buffer.from(proof) });
});`;

let folder: string;
let printer: Printer;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'arcadia-print-'));
  writeFileSync(join(folder, 'thread.cjs'), THREAD);
  printer = new Printer(() => join(folder, 'thread.cjs'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const textOf = async (proof: string) => (await printer.print(proof)).toString();

it('prints several documents at once, each for its own caller', async () => {
  expect(await Promise.all(['one', 'two', 'three'].map(textOf))).toEqual(['one', 'two', 'three']);
});

it('says why a document cannot be printed, and prints the next one', async () => {
  await expect(textOf('refuse')).rejects.toThrow('the document cannot be printed: no font');
  expect(await textOf('next')).toBe('next');
});

it.each([
  ['end', 'ended with code 3'],
  ['throw', 'out of memory'],
])('rejects what waits when its thread dies (%s), and nothing that waits for the next thread', async (death, message) => {
  const [waiting, dying] = [textOf('wait'), textOf(death)].map((printed) => printed.catch((error: Error) => error.message));
  expect(await dying).toContain(message);
  const next = textOf('next'); // the thread that died is still about to end
  expect(await waiting).toContain(message);
  expect(await next).toBe('next');
});
