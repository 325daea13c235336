import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseHead, verifyChain, type ChainHead, type Finding, type Verified, type VerifyProgress } from '#libs/audit';
import { withSession } from '#libs/database';
import { APPEND_ONLY_STREAMS } from '#libs/inventory';
import { LaunchError } from '#libs/local-stack';
import { parseFlags, UsageError } from '../command-line';
import { withCommandDatabase } from './command-database';

const USAGE = `npm run audit:verify -- [--head <file>] [--export-head <file>] | [--keep-head <file>]
  Verifies that events and audit log are unchanged since they were recorded: one line per row, digest or link that was changed or is missing.
  Exit code 0: all are whole, 1: not. Reads DATABASE_URL; without it the embedded PostgreSQL of DATA_DIR. Api and workers may run meanwhile.
  --head <file>          a head that was exported earlier: everything that it covers must still exist
  --export-head <file>   when all are whole, writes the current head to this file (it may be the same one); the head is always printed
  --keep-head <file>     for a schedule: both of these with one file, which the first run creates`;

const MAX_LINES = 1_000;
const PROGRESS_EVERY_MS = 2_000;

const log = (line: string): void => void process.stderr.write(`audit:verify: ${line}\n`);

export async function auditVerify(args: readonly string[]): Promise<number> {
  const { head, exportTo } = headFiles(args);
  const exported = head === undefined ? undefined : readHead(head);
  let wrong = 0;
  const found = (finding: Finding) => {
    wrong += 1;
    if (wrong <= MAX_LINES) process.stdout.write(`${lineOf(finding)}\n`);
  };
  const verified = await withCommandDatabase(({ appUrl, ownerUrl = '', eventRetentionDays: keepDays }) =>
    withSession(appUrl ?? ownerUrl, appUrl === undefined ? 'owner' : 'service', (session) =>
      verifyChain(session, { streams: APPEND_ONLY_STREAMS, exported, keepDays }, found, throttledProgress()),
    ),
  );
  if (wrong > 0) {
    log(`NOT WHOLE: ${wrong} findings${wrong > MAX_LINES ? `, the first ${MAX_LINES} of them printed` : ''}. No head was exported`);
    return 1;
  }
  conclude(verified, exportTo);
  return 0;
}

/** The head to compare with, and the file for the new one. */
function headFiles(args: readonly string[]): { head: string | undefined; exportTo: string | undefined } {
  const {
    head,
    'export-head': exportTo,
    'keep-head': kept,
  } = parseFlags(args, USAGE, { head: { type: 'string' }, 'export-head': { type: 'string' }, 'keep-head': { type: 'string' } });
  if (kept === undefined) return { head, exportTo };
  if (head !== undefined || exportTo !== undefined)
    throw new UsageError('--keep-head stands for --head and --export-head: use one or the other', USAGE);
  const known = existsSync(kept);
  if (!known) log(`there is no head at ${kept} yet: this run cannot find a tail that was cut off earlier`);
  return { head: known ? kept : undefined, exportTo: kept };
}

function conclude({ head, rows, waiting, archivedBefore }: Verified, exportTo: string | undefined): void {
  const text = `${JSON.stringify(head)}\n`;
  process.stdout.write(text);
  log(`whole: ${rows} rows, ${head.no} links; ${waiting} digests are not linked yet and not covered by this head`);
  if (archivedBefore) log(`events before ${archivedBefore.toISOString()} have been archived; their digests are in the chain`);
  if (exportTo === undefined) return;
  writeFileSync(`${exportTo}.new`, text);
  renameSync(`${exportTo}.new`, exportTo); // the old head stays until the new one is complete
}

function readHead(file: string): ChainHead {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    throw new LaunchError('launch_configuration_invalid', `The exported head ${file} cannot be read`);
  }
  return parseHead(text);
}

const lineOf = ({ what, table, id, digest }: Finding): string =>
  `${what} ${table} ${id}${digest === undefined ? '' : ` (digest ${digest})`}`;

function throttledProgress(): (at: VerifyProgress) => void {
  let quietUntil = performance.now() + PROGRESS_EVERY_MS;
  return ({ looking_at, seen }) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + PROGRESS_EVERY_MS;
    log(`${looking_at}: ${seen}`);
  };
}
