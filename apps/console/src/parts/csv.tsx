import { IconDownload } from './icons';

const TEXTS = { csv: 'CSV' };

type Cell = string | number | null | undefined;

/** Text that a spreadsheet would take for a formula begins with an apostrophe; numbers stay numbers. */
function cellText(cell: Cell): string {
  const text = String(cell ?? '');
  const safe = /^[=+\-@\t\r]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** RFC 4180 with a header line. Pure. */
export const csvText = (head: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [head, ...rows].map((row) => `${row.map(cellText).join(',')}\r\n`).join('');

interface CsvButtonProps {
  readonly name: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

/** Downloads what is on the screen, for answers of the API that have no file of their own. */
export function CsvButton({ name, head, rows }: CsvButtonProps) {
  const save = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([csvText(head, rows)], { type: 'text/csv' }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <button type="button" className="btn" onClick={save} disabled={rows.length === 0}>
      <IconDownload size={16} stroke={1.75} aria-hidden />
      {TEXTS.csv}
    </button>
  );
}
