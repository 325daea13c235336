import { useMediaQuery } from '@mantine/hooks';
import { columnVisibilityFeature, createColumnHelper, tableFeatures, useTable, type RowData } from '@tanstack/react-table';
import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { isTyping } from '../shell/keys';
import { IconArrowDown, IconArrowUp } from './icons';
import { TableRow, type Column, type RowEvents } from './table-row';

export type { Column };

export interface Selection {
  readonly ids: ReadonlySet<string>;
  readonly set: (ids: ReadonlySet<string>) => void;
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
  /** Makes rows selectable by a checkbox or `x`. */
  readonly selection?: Selection | undefined;
  /** What a row is called, beside its checkbox. */
  readonly rowName?: (row: Row) => string;
  /** The row as two lines, for narrow screens. */
  readonly item: (row: Row) => ReactNode;
}

const TEXTS = { selectAll: 'Select all loaded rows' };

const NO_COLUMNS: readonly never[] = [];
const ROW_PX = 30;
const ITEM_PX = 62;
/** What the column without a width keeps; a table that does not fit then scrolls sideways in its card. */
const LEAST_NAME_PX = 112;
const features = tableFeatures({ columnVisibilityFeature });

/**
 * A table that has only the rows in view in the page, however many there are. Arrow keys or `j` and `k` move, `Enter` opens; the row with the
 * focus stays in the page.
 */
export function DataTable<Row extends RowData>(props: DataTableProps<Row>) {
  const { label, rows, rowId, total, onOpen, onEnd, dimmed, item, hidden, selection } = props;
  const isNarrow = useMediaQuery('(max-width: 760px)', false, { getInitialValueInEffect: false });
  const isMedium = useMediaQuery('(max-width: 1199px)', false, { getInitialValueInEffect: false });
  const scroller = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(0);
  const anchor = useRef(0);
  const columns = useMemo(() => {
    const helper = createColumnHelper<typeof features, Row>();
    return helper.columns(props.columns.map(({ id, head }) => helper.display({ id, header: head })));
  }, [props.columns]);
  const shown = useMemo(() => {
    const left = props.columns.filter(({ wide }) => wide && isMedium).map(({ id }) => id);
    return Object.fromEntries([...Object.keys(hidden ?? {}), ...left].map((id) => [id, false]));
  }, [hidden, props.columns, isMedium]);
  const table = useTable({ features, columns, data: rows, getRowId: rowId, state: { columnVisibility: shown } });
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

  /** Selects or clears a row; with `Shift` every row from the last one on. */
  const toggle = (index: number, isRange: boolean) => {
    if (!selection) return;
    const [from, to] = isRange ? [Math.min(anchor.current, index), Math.max(anchor.current, index)] : [index, index];
    const touched = rows.slice(from, to + 1).map(rowId);
    const isOn = isRange || !touched.every((id) => selection.ids.has(id));
    const ids = new Set(selection.ids);
    for (const id of touched) {
      if (isOn) ids.add(id);
      else ids.delete(id);
    }
    anchor.current = index;
    selection.set(ids);
  };

  const move = (event: KeyboardEvent, index: number) => {
    if (event.target !== event.currentTarget && isTyping(event.nativeEvent)) return;
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 15, PageUp: -15 };
    const row = rows[index];
    if (event.key === 'Enter' && event.target === event.currentTarget && row !== undefined) onOpen?.(row);
    if (event.key.toLowerCase() === 'x' && !event.ctrlKey && !event.metaKey) toggle(index, event.shiftKey);
    if (event.key === 'Escape') selection?.set(new Set());
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(models.length - 1, index + step));
    setFocused(next);
    virtual.scrollToIndex(next);
    const rowOf = () => scroller.current?.querySelector<HTMLElement>(`tr[data-index="${next}"]`);
    // At once where the row is in the page, so that a key that follows moves from there.
    if (rowOf()) rowOf()?.focus({ preventScroll: true });
    else requestAnimationFrame(() => rowOf()?.focus({ preventScroll: true }));
  };

  const visibleIds = table
    .getVisibleLeafColumns()
    .map(({ id }) => id)
    .join();
  const visible = useMemo(() => {
    const ids = new Set(visibleIds.split(','));
    return props.columns.filter(({ id }) => ids.has(id));
  }, [visibleIds, props.columns]);
  const latest = useRef({ onOpen, move, toggle, name: props.rowName });
  useEffect(() => {
    latest.current = { onOpen, move, toggle, name: props.rowName };
  });
  const [on] = useState((): RowEvents<Row> => ({
    open: (row) => latest.current.onOpen?.(row),
    move: (event, index) => latest.current.move(event, index),
    toggle: (index, isRange) => latest.current.toggle(index, isRange),
    focus: setFocused,
    nameOf: (row) => latest.current.name?.(row),
  }));
  const width = isNarrow ? 1 : visible.length + (selection ? 1 : 0);
  return (
    <div className="tb" ref={scroller}>
      <table
        aria-label={label}
        aria-rowcount={(total ?? models.length) + 1}
        className={dimmed ? 'dimmed' : ''}
        style={isNarrow ? undefined : { minWidth: visible.reduce((sum, column) => sum + (column.width ?? LEAST_NAME_PX), 0) }}
      >
        {!isNarrow && <Head {...props} columns={visible} />}
        <tbody>
          {/* one flat list: in nested ones React would know the rows by their place in view, and build all of them anew on scrolling */}
          {inPage.flatMap((place, at) => {
            const model = models[place.index];
            const row = rows[place.index];
            if (!model || row === undefined) return [];
            const gap = place.start - (inPage[at - 1]?.end ?? 0);
            return [
              gap > 0 && <Gap key={`gap-${place.index}`} height={gap} columns={width} />,
              <TableRow
                key={model.id}
                id={model.id}
                index={place.index}
                row={row}
                columns={isNarrow ? NO_COLUMNS : visible}
                item={isNarrow ? item : undefined}
                isTabStop={place.index === Math.min(focused, models.length - 1)}
                checked={selection && !isNarrow ? selection.ids.has(model.id) : undefined}
                on={on}
              />,
            ];
          })}
          <Gap height={virtual.getTotalSize() - (inPage.at(-1)?.end ?? 0)} columns={width} />
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

type HeadProps<Row> = Pick<DataTableProps<Row>, 'columns' | 'sort' | 'onSort' | 'selection' | 'rows' | 'rowId'>;

function Head<Row>({ columns, sort, onSort, selection, rows, rowId }: HeadProps<Row>) {
  const isAll = selection !== undefined && rows.length > 0 && rows.every((row) => selection.ids.has(rowId(row)));
  return (
    <>
      <colgroup>
        {selection && <col style={{ width: 34 }} />}
        {columns.map(({ id, width }) => (
          <col key={id} style={width === undefined ? undefined : { width }} />
        ))}
      </colgroup>
      <thead>
        <tr>
          {selection && (
            <th scope="col" className="check">
              <input
                type="checkbox"
                aria-label={TEXTS.selectAll}
                checked={isAll}
                onChange={() => selection.set(new Set(isAll ? [] : rows.map(rowId)))}
              />
            </th>
          )}
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
