import { parse } from 'papaparse';
import { text } from 'node:stream/consumers';
import { csvDownload } from './csv-download';

const COLUMNS = { id: (row: { id: number; name: string | null }) => row.id, name: (row: { name: string | null }) => row.name };

async function downloaded(pages: readonly { id: number; name: string | null }[][]): Promise<string> {
  const read = async (cursor?: string) => {
    const at = Number(cursor ?? 0);
    return { data: pages[at] ?? [], page: { next_cursor: at + 1 < pages.length ? String(at + 1) : null } };
  };
  return text((await csvDownload('list.csv', COLUMNS, read)).getStream());
}

it('sends every page under one header line', async () => {
  const file = await downloaded([[{ id: 1, name: 'a' }], [{ id: 2, name: null }], [{ id: 3, name: 'c' }]]);
  expect(file).toBe('id,name\r\n1,a\r\n2,\r\n3,c\r\n');
});

it('sends only the header line for an empty list', async () => {
  expect(await downloaded([[]])).toBe('id,name\r\n');
});

it.each(['=HYPERLINK("http://x")', '+1', '-1+2', '@SUM(A1)', '\t=1', '\r=1'])(
  'prefixes %j so that a spreadsheet does not run it as a formula [OPS-10]',
  async (name) => {
    const { data } = parse<string[]>(await downloaded([[{ id: 1, name }]]), { skipEmptyLines: true });
    expect(data[1]?.[1]).toMatch(/^'/);
  },
);

it('keeps quotes, commas and line breaks within one cell', async () => {
  const name = 'a "b", c\nd';
  const { data } = parse<string[]>(await downloaded([[{ id: 1, name }]]), { skipEmptyLines: true });
  expect(data).toEqual([
    ['id', 'name'],
    ['1', name],
  ]);
});

it('breaks the download when a later page fails, so that a partial file is noticed', async () => {
  const read = async (cursor?: string) => {
    if (cursor !== undefined) throw new Error('no connection');
    return { data: [{ id: 1, name: 'a' }], page: { next_cursor: 'next' } };
  };
  const file = await csvDownload('list.csv', COLUMNS, read);
  await expect(text(file.getStream())).rejects.toThrow('no connection');
});
