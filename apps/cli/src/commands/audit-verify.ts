import { parseHead, verifyChain, type ChainHead, type Finding, type Verified, type VerifyProgress } from '#libs/audit';
import { withSession } from '#libs/database';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { LaunchError } from '#libs/local-stack';
import { parseFlags, UsageError } from '../command-line';
import { APPEND_ONLY_STREAMS } from './append-only-streams';
import { withCommandDatabase } from './command-database';

const USAGE = `npm run audit:verify -- [--head <file>] [--export-head <file>] | [--keep-head <file>]
  Looks whether events and audit log still are what was recorded (INV-14): one line per row, digest or link that is not. Exit code 0: all whole, 1: not.
  Reads DATABASE_URL; without it the embedded PostgreSQL of DATA_DIR. Work may go on meanwhile.
  --head <file>          a head that was exported earlier: whatever it vouches for must still be there
  --export-head <file>   when all is whole, writes the present head there (it may be the same file); it is printed in any case
  --keep-head <file>     for a schedule: both of these with one file; the first time, when there is none, it is made`;

const MOST_LINES = 1_000;
const PROGRESS_EVERY_MS = 2_000;

const say = (line: string): void => void process.stderr.write(`audit:verify: ${line}\n`);

export async function auditVerify(args: readonly string[]): Promise<number> {
  const { head, exportTo } = headFiles(args);
  const exported = head === undefined ? undefined : readHead(head);
  let wrong = 0;
  const found = (finding: Finding) => {
    wrong += 1;
    if (wrong <= MOST_LINES) process.stdout.write(`${lineOf(finding)}\n`);
  };
  const verified = await withCommandDatabase(({ appUrl, ownerUrl = '', eventRetentionDays: keepDays }) =>
    withSession(appUrl ?? ownerUrl, appUrl === undefined ? 'owner' : 'service', (session) =>
      verifyChain(session, { streams: APPEND_ONLY_STREAMS, exported, keepDays }, found, nowAndThen()),
    ),
  );
  if (wrong > 0) {
    say(`NOT WHOLE: ${wrong} findings${wrong > MOST_LINES ? `, the first ${MOST_LINES} of them printed` : ''}. No head was exported`);
    return 1;
  }
  conclude(verified, exportTo);
  return 0;
}

/** Which head to compare with, and where to write the new one. */
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
  if (!known) say(`there is no head at ${kept} yet: a tail that was cut before now is not found`);
  return { head: known ? kept : undefined, exportTo: kept };
}

function conclude({ head, rows, waiting, archivedBefore }: Verified, exportTo: string | undefined): void {
  const text = `${JSON.stringify(head)}\n`;
  process.stdout.write(text);
  say(`whole: ${rows} rows, ${head.no} links; ${waiting} digests are not linked yet and not covered by this head`);
  if (archivedBefore) say(`events of before ${archivedBefore.toISOString()} have left; their digests are in the chain`);
  if (exportTo === undefined) return;
  writeFileSync(`${exportTo}.new`, text);
  renameSync(`${exportTo}.new`, exportTo); // the old head is there until the new one is
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

function nowAndThen(): (at: VerifyProgress) => void {
  let quietUntil = performance.now() + PROGRESS_EVERY_MS;
  return ({ looking_at, seen }) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + PROGRESS_EVERY_MS;
    say(`${looking_at}: ${seen}`);
  };
}
