interface Page<Row> {
  readonly data: readonly Row[];
  readonly page: { readonly next_cursor: string | null };
}

interface Read<Row> {
  readonly data: readonly Row[];
  /** There are more rows than were asked for. */
  readonly isCut: boolean;
}

/** The longest page of a list that the API gives. */
export const LONGEST_PAGE = 200;

/** Reads a list page after page to its end, or to the first page at which it has `most` rows. For lists that are short by their nature. */
export async function everyPage<Row>(
  read: (query: { readonly limit: number; readonly cursor?: string }) => Promise<Page<Row>>,
  most = Infinity,
): Promise<Read<Row>> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const answer: Page<Row> = await read({ limit: LONGEST_PAGE, ...(cursor !== null && { cursor }) });
    rows.push(...answer.data);
    cursor = answer.page.next_cursor;
  } while (cursor !== null && rows.length < most);
  return { data: rows, isCut: cursor !== null };
}
