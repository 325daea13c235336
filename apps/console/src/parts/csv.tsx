import { useRef, useState } from 'react';
import { allRows, csvText, type CsvColumns, type ReadPage } from './csv-rows';
import { count } from './format';
import { IconDownload, IconX } from './icons';
import { Note } from './states';

const TEXTS = {
  csv: 'CSV',
  progress: (rows: string) => `${rows} rows…`,
  stop: 'Stop the download',
  failed: 'The file could not be made:',
  cut: (rows: string) => `The file has the first ${rows} rows. Filter the list, and download the rest by itself.`,
};

function save(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

interface CsvButtonProps<Row> {
  readonly name: string;
  readonly columns: CsvColumns<Row>;
  /** Rows that are whole on the screen, or how to read all pages of the filter. */
  readonly rows?: readonly Row[];
  readonly read?: ReadPage<Row>;
  readonly isEmpty?: boolean;
}

/** Downloads the whole list, for answers of the API that have no file of their own. It counts the rows meanwhile, and can be stopped. */
export function CsvButton<Row>({ name, columns, rows, read, isEmpty = rows?.length === 0 }: CsvButtonProps<Row>) {
  const [loaded, setLoaded] = useState<number | null>(null);
  const [note, setNote] = useState<string | null>(null);
  const stop = useRef<AbortController>(null);
  const download = async () => {
    if (rows) return save(name, csvText(columns, rows));
    if (!read) return;
    setNote(null);
    setLoaded(0);
    stop.current = new AbortController();
    try {
      const all = await allRows(read, { signal: stop.current.signal, onRows: setLoaded });
      save(name, csvText(columns, all.rows));
      if (all.isCut) setNote(TEXTS.cut(count(all.rows.length)));
    } catch (error) {
      if (!stop.current.signal.aborted) setNote(`${TEXTS.failed} ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      setLoaded(null);
    }
  };
  if (loaded !== null) {
    return (
      <button type="button" className="btn" aria-label={TEXTS.stop} onClick={() => stop.current?.abort()}>
        <IconX size={16} stroke={1.75} aria-hidden />
        <span role="status">{TEXTS.progress(count(loaded))}</span>
      </button>
    );
  }
  return (
    <>
      {note && (
        <span style={{ maxWidth: 420 }}>
          <Note tone="warn">{note}</Note>
        </span>
      )}
      <button type="button" className="btn" onClick={() => void download()} disabled={isEmpty}>
        <IconDownload size={16} stroke={1.75} aria-hidden />
        {TEXTS.csv}
      </button>
    </>
  );
}
