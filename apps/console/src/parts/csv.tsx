import { useEffect, useRef, useState } from 'react';
import { answered, Problem } from '../client/client';
import { allRows, csvText, type CsvColumns, type ReadPage } from './csv-rows';
import { count } from './format';
import { IconDownload, IconX } from './icons';
import { Note } from './states';

const TEXTS = {
  csv: 'CSV',
  progress: (rows: string) => `${rows} rows…`,
  stop: 'Stop the download',
  failed: 'The file could not be made:',
  printing: 'Being printed…',
  cut: (rows: string) => `The file has the first ${rows} rows. Filter the list, and download the rest by itself.`,
};

function save(name: string, file: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

const csvFile = (text: string): Blob => new Blob([text], { type: 'text/csv' });

/** How long a document that is not printed yet is asked for. A worker prints it within seconds. */
const LONGEST_PRINT_MS = 120_000;
const ASK_AGAIN_MS = 2_000;

interface PdfLinkProps {
  readonly href: string;
  /** Of the file. */
  readonly name: string;
  readonly className?: string;
  readonly title?: string;
  readonly children: React.ReactNode;
}

/** Downloads a printed document. While it is being printed the link has words for it and asks again by itself; a refusal stands beside it. */
export function PdfLink({ href, name, className, title, children }: PdfLinkProps) {
  const [isWaiting, setWaiting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const stop = useRef<AbortController>(null);
  useEffect(() => () => stop.current?.abort(), []);
  const download = async () => {
    const { signal } = (stop.current = new AbortController());
    setWaiting(true);
    setProblem(null);
    try {
      save(name, await printed(href, signal));
    } catch (error) {
      if (!signal.aborted) setProblem(`${TEXTS.failed} ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!signal.aborted) setWaiting(false);
  };
  return (
    <>
      <a
        href={href}
        className={className}
        title={title}
        aria-busy={isWaiting || undefined}
        onClick={(event) => {
          event.preventDefault();
          event.stopPropagation();
          if (!isWaiting) void download();
        }}
      >
        {isWaiting ? <span role="status">{TEXTS.printing}</span> : children}
      </a>
      {problem && (
        <span role="alert" className="st bad">
          {problem}
        </span>
      )}
    </>
  );
}

/** The file, as soon as it is printed. Throws `Problem`, also where it is still not printed after the longest time. */
async function printed(href: string, signal: AbortSignal): Promise<Blob> {
  const untilMs = Date.now() + LONGEST_PRINT_MS;
  for (;;) {
    const call = fetch(href, { signal }).then(async (response) =>
      response.ok ? { data: await response.blob(), response } : { error: (await response.json()) as unknown, response },
    );
    try {
      return await answered<Blob>(call);
    } catch (error) {
      const isPending = error instanceof Problem && error.code === 'document_pending' && Date.now() < untilMs;
      if (!isPending) throw error;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
    signal.throwIfAborted();
  }
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
    if (rows) return save(name, csvFile(csvText(columns, rows)));
    if (!read) return;
    setNote(null);
    setLoaded(0);
    stop.current = new AbortController();
    try {
      const all = await allRows(read, { signal: stop.current.signal, onRows: setLoaded });
      save(name, csvFile(csvText(columns, all.rows)));
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
