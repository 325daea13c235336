import { useMediaQuery } from '@mantine/hooks';
import { columnVisibilityFeature, createColumnHelper, tableFeatures, useTable, type RowData } from '@tanstack/react-table';
import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { isTyping } from '../shell/keys';
import { IconArrowDown, IconArrowUp } from './icons';

export interface Column<Row> {
  readonly id: string;
  readonly head: string;
  /** Pixels; the one column without takes the rest. */
  readonly width?: number;
  readonly numeric?: boolean;
  /** The word of the API's `sort`. */
  readonly sort?: string;
  readonly cell: (row: Row) => ReactNode;
}

export interface DataTableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly hidden?: Readonly<Record<string, boolean>>;
  readonly rows: readonly Row[];
  readonly rowId: (row: Row) => string;
  /** How many rows there are, loaded or not. */
  readonly total?: number | undefined;
  readonly sort?: string | undefined;
  readonly onSort?: (sort: string | undefined) => void;
  readonly onOpen?: (row: Row) => void;
  readonly onEnd?: () => void;
  /** Old rows while newer ones cannot be read. */
  readonly dimmed?: boolean;
  /** The row as two lines, for narrow screens. */
  readonly item: (row: Row) => ReactNode;
}

const ROW_PX = 30;
const ITEM_PX = 62;
const features = tableFeatures({ columnVisibilityFeature });

/**
 * A table that has only the rows in view in the page, however many there are. Arrow keys or `j` and `k` move, `Enter` opens; the row with the
 * focus stays in the page.
 */
export function DataTable<Row extends RowData>(props: DataTableProps<Row>) {
  const { label, rows, rowId, total, onOpen, onEnd, dimmed, item, hidden } = props;
  const isNarrow = useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false });
  const scroller = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(0);
  const columns = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return helper.columns(
      props.columns.map(({ id, head, cell }) => helper.display({ id, header: head, cell: ({ row }) => cell(row.original) })),
    );
  }, [props.columns]);
  const shown = useMemo(() => Object.fromEntries(Object.keys(hidden ?? {}).map((id) => [id, false])), [hidden]);
  const table = useTable({ features, columns, data: rows, getRowId: rowId, state: { columnVisibility: shown } });
  const specs = new Map(props.columns.map((column) => [column.id, column]));
  const models = table.getRowModel().rows;

  const rangeExtractor = useCallback(
    (range: Range) => {
      const inView = defaultRangeExtractor(range);
      if (focused >= range.count || inView.includes(focused)) return inView;
      return [...inView, focused].sort((a, b) => a - b);
    },
    [focused],
  );
  const virtual = useVirtualizer({
    count: models.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (isNarrow ? ITEM_PX : ROW_PX),
    overscan: 8,
    rangeExtractor,
  });
  const inPage = virtual.getVirtualItems();
  const last = inPage.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= models.length - 30) onEnd?.();
  }, [last, models.length, onEnd]);

  const move = (event: KeyboardEvent, index: number) => {
    if (event.target !== event.currentTarget && isTyping(event.nativeEvent)) return;
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 15, PageUp: -15 };
    const row = rows[index];
    if (event.key === 'Enter' && event.target === event.currentTarget && row !== undefined) onOpen?.(row);
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(models.length - 1, index + step));
    setFocused(next);
    virtual.scrollToIndex(next);
    requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus());
  };

  const visible = table
    .getVisibleLeafColumns()
    .map(({ id }) => specs.get(id))
    .filter((column) => column !== undefined);
  return (
    <div className="tb" ref={scroller}>
      <table aria-label={label} aria-rowcount={(total ?? models.length) + 1} className={dimmed ? 'dimmed' : ''}>
        {!isNarrow && <Head {...props} columns={visible} />}
        <tbody>
          {inPage.map((place, at) => {
            const model = models[place.index];
            const row = rows[place.index];
            if (!model || row === undefined) return null;
            const gap = place.start - (inPage[at - 1]?.end ?? 0);
            return [
              gap > 0 && <Gap key={`gap-${place.index}`} height={gap} columns={isNarrow ? 1 : visible.length} />,
              <tr
                key={model.id}
                data-index={place.index}
                aria-rowindex={place.index + 2}
                tabIndex={place.index === Math.min(focused, models.length - 1) ? 0 : -1}
                onClick={() => onOpen?.(row)}
                onKeyDown={(event) => move(event, place.index)}
                onFocus={() => setFocused(place.index)}
              >
                {isNarrow ? (
                  <td>{item(row)}</td>
                ) : (
                  model.getVisibleCells().map((cell) => (
                    <td key={cell.id} className={specs.get(cell.column.id)?.numeric ? 'num' : ''}>
                      <table.FlexRender cell={cell} />
                    </td>
                  ))
                )}
              </tr>,
            ];
          })}
          <Gap height={virtual.getTotalSize() - (inPage.at(-1)?.end ?? 0)} columns={isNarrow ? 1 : visible.length} />
        </tbody>
      </table>
    </div>
  );
}

function Gap({ height, columns }: { readonly height: number; readonly columns: number }) {
  if (height <= 0) return null;
  return (
    <tr className="gap" aria-hidden="true">
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

function Head<Row>({ columns, sort, onSort }: Pick<DataTableProps<Row>, 'columns' | 'sort' | 'onSort'>) {
  return (
    <>
      <colgroup>
        {columns.map(({ id, width }) => (
          <col key={id} style={width === undefined ? undefined : { width }} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {columns.map(({ id, head, numeric, sort: word }) => {
            const direction = word === undefined ? undefined : sort === word ? 'ascending' : sort === `-${word}` ? 'descending' : undefined;
            const next = direction === undefined ? word : direction === 'ascending' ? `-${word}` : undefined;
            return (
              <th key={id} className={numeric ? 'num' : ''} aria-sort={direction} scope="col">
                {word === undefined || !onSort ? (
                  head
                ) : (
                  <button type="button" onClick={() => onSort(next)}>
                    {head}
                    {direction === 'ascending' && <IconArrowUp size={12} stroke={1.75} aria-hidden />}
                    {direction === 'descending' && <IconArrowDown size={12} stroke={1.75} aria-hidden />}
                  </button>
                )}
              </th>
            );
          })}
        </tr>
      </thead>
    </>
  );
}
