import { memo, type KeyboardEvent, type ReactNode } from 'react';

const TEXTS = { select: (name: string) => `Select ${name}` };

export interface Column<Row> {
  readonly id: string;
  readonly head: string;
  /** Pixels; the one column without takes the rest. */
  readonly width?: number;
  readonly numeric?: boolean;
  /** Left out below 1200 pixels. */
  readonly wide?: boolean;
  /** The word of the API's `sort`. */
  readonly sort?: string;
  readonly cell: (row: Row) => ReactNode;
}

/** What a row tells its table. It stays the same object, so that scrolling renders the rows that come into view and no others. */
export interface RowEvents<Row> {
  readonly open: (row: Row) => void;
  readonly move: (event: KeyboardEvent, index: number) => void;
  readonly toggle: (index: number, isRange: boolean) => void;
  readonly focus: (index: number) => void;
  readonly nameOf: (row: Row) => string | undefined;
}

interface TableRowProps<Row> {
  readonly id: string;
  readonly index: number;
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  /** Two lines instead of columns. */
  readonly item: ((row: Row) => ReactNode) | undefined;
  readonly isTabStop: boolean;
  /** Undefined: there is nothing to select. */
  readonly checked: boolean | undefined;
  readonly on: RowEvents<Row>;
}

function PlainRow<Row>({ id, index, row, columns, item, isTabStop, checked, on }: TableRowProps<Row>) {
  return (
    <tr
      data-index={index}
      aria-rowindex={index + 2}
      className={checked ? 'sel' : undefined}
      tabIndex={isTabStop ? 0 : -1}
      onClick={() => on.open(row)}
      onKeyDown={(event) => on.move(event, index)}
      onFocus={() => on.focus(index)}
    >
      {checked !== undefined && (
        <td className="check">
          <input
            type="checkbox"
            tabIndex={-1}
            aria-label={TEXTS.select(on.nameOf(row) ?? id)}
            checked={checked}
            onClick={(event) => {
              event.stopPropagation();
              on.toggle(index, event.shiftKey);
            }}
            onChange={() => undefined}
          />
        </td>
      )}
      {item && <td>{item(row)}</td>}
      {columns.map((column) => (
        <td key={column.id} className={column.numeric ? 'num' : ''}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

export const TableRow = memo(PlainRow) as typeof PlainRow;
