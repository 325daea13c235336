export interface PlainColumn<Row> {
  readonly id: string;
  readonly head: string;
  /** The head is for screen readers only, as above buttons. */
  readonly isHeadHidden?: boolean;
  readonly numeric?: boolean;
  /** Pixels, or one of the widths of money.css; the columns without share the rest. */
  readonly width?: number | 'money-col' | 'short-col' | 'wide-col';
  /** Left out on narrow screens. */
  readonly wide?: boolean;
  /** Cells break into lines instead of being cut. */
  readonly wraps?: boolean;
  /** A class of the cells, such as `b` or `dim`. */
  readonly look?: string;
  readonly cell: (row: Row) => React.ReactNode;
  /** Below the rows. */
  readonly total?: React.ReactNode;
}

interface PlainTableProps<Row> {
  readonly label: string;
  readonly columns: readonly PlainColumn<Row>[];
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
}

const classes = (...names: readonly (string | false | undefined)[]): string | undefined => names.filter(Boolean).join(' ') || undefined;

/** A short table in a card, all of its rows in the page. A list that may be long is a `ListCard`. */
export function PlainTable<Row>({ label, columns, rows, rowId }: PlainTableProps<Row>) {
  return (
    <table className="mt" aria-label={label}>
      <thead>
        <tr>
          {columns.map(({ id, head, isHeadHidden, numeric, width, wide }) => (
            <th
              key={id}
              scope="col"
              className={classes(numeric && 'num', typeof width === 'string' && width, wide && 'hide-m')}
              style={typeof width === 'number' ? { width } : undefined}
            >
              {isHeadHidden ? <span className="vh">{head}</span> : head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowId(row)}>
            {columns.map(({ id, numeric, wide, wraps, look, cell }) => (
              <td key={id} className={classes(numeric && 'num', wraps && 'wrap', wide && 'hide-m', look)}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
      {columns.some(({ total }) => total !== undefined) && (
        <tfoot>
          <tr>
            {columns.map(({ id, numeric, wide, total }) => (
              <td key={id} className={classes(numeric && 'num', wide && 'hide-m')}>
                {total}
              </td>
            ))}
          </tr>
        </tfoot>
      )}
    </table>
  );
}
