import { finished } from 'node:stream/promises';
import { DocumentFile } from './invoice-ingest';

const [AT_ONCE, EACH] = [8, 200];

/** Creates, writes and reads documents one after the other; resolves with their hashes. */
async function documents(prefix: number): Promise<string[]> {
  const hashes: string[] = [];
  for (let nth = 0; nth < EACH; nth++) {
    const document = await DocumentFile.create();
    const file = document.write();
    file.end(`line ${prefix} ${nth}`);
    await finished(file);
    hashes.push(await document.sha256());
    await document.remove();
  }
  return hashes;
}

it('keeps each document while others of the same process begin and end [BIL-4]', async () => {
  const hashes = await Promise.all(Array.from({ length: AT_ONCE }, (_, nth) => documents(nth)));
  expect(new Set(hashes.flat()).size).toBe(AT_ONCE * EACH);
});
