import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Binaries } from './binaries';
import { EmbeddedPostgresError } from './embedded-postgres.error';
import type { OsAccount } from './os-account';
import { makePasswords, passwordFile, readPasswords, type Passwords } from './passwords';
import { OWNER_ROLE } from './roles';
import { serverEnvironment, type Durability } from './server-settings';

/** A data directory on disk, initialised, and what is needed to run and enter it. */
export interface Cluster {
  readonly dataDir: string;
  /** Who runs the server; undefined: ourselves. */
  readonly account: OsAccount | undefined;
  readonly passwords: Passwords;
  /** Not on disk yet: `initialise` is due. */
  readonly fresh: boolean;
}

/** Reads the cluster, or the plan for one where there is none. Throws `embedded_postgres_data_unusable` for a folder that is neither. */
export function openCluster(homeDir: string, dataDir: string, account: OsAccount | undefined): Cluster {
  if (existsSync(join(dataDir, 'PG_VERSION'))) {
    const passwords = readPasswords(homeDir);
    if (passwords) return { dataDir, account: account && ownerOf(dataDir), passwords, fresh: false };
    throw new EmbeddedPostgresError(
      'embedded_postgres_data_unusable',
      `${passwordFile(homeDir)} is missing, without it the database in ${dataDir} cannot be entered: restore the file, or move ${dataDir} away to begin with an empty database`,
    );
  }
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new EmbeddedPostgresError(
      'embedded_postgres_data_unusable',
      `${dataDir} is not a PostgreSQL data directory (PG_VERSION is missing; the server's log is ${join(homeDir, 'postgres.log')}): restore it from a backup, or move it away to begin with an empty database`,
    );
  }
  return { dataDir, account, passwords: makePasswords(homeDir), fresh: true };
}

/** PostgreSQL insists on owning its files, so an existing cluster is run by whoever made it. */
function ownerOf(dataDir: string): OsAccount {
  const { uid, gid } = statSync(dataDir);
  return { uid, gid };
}

/** initdb works beside the final place and the result is moved there, so that a crash leaves nothing that looks like a cluster. */
export async function initialise({ dataDir, account, passwords }: Cluster, binaries: Binaries, durability: Durability): Promise<void> {
  for (const left of readdirSync(dirname(dataDir))) {
    if (left.startsWith(`${basename(dataDir)}-initdb-`)) rmSync(join(dirname(dataDir), left), { recursive: true, force: true });
  }
  const workDir = `${dataDir}-initdb-${process.pid}`;
  const passwordCopy = join(workDir, 'password');
  mkdirSync(workDir, { mode: 0o700 });
  writeFileSync(passwordCopy, passwords.owner, { mode: 0o600 });
  if (account) for (const path of [workDir, passwordCopy]) chownSync(path, account.uid, account.gid);
  try {
    await runInitdb(binaries.initdb, workDir, passwordCopy, account, durability);
    renameSync(join(workDir, 'data'), dataDir);
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

function runInitdb(
  initdb: string,
  workDir: string,
  passwordCopy: string,
  account: OsAccount | undefined,
  durability: Durability,
): Promise<void> {
  const flags = [
    `--username=${OWNER_ROLE}`,
    `--pwfile=${passwordCopy}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ];
  if (durability === 'throwaway') flags.push('--no-sync');
  return new Promise((resolve, reject) => {
    const child = spawn(initdb, ['-D', join(workDir, 'data'), ...flags], {
      ...account,
      cwd: workDir,
      env: serverEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaint = '';
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const fail = (why: string) =>
      reject(
        new EmbeddedPostgresError(
          'embedded_postgres_start_failed',
          `initdb could not make a database in ${dirname(workDir)} (${why.trim().replaceAll(/\s*\n\s*/g, '; ')}): mend that, or set DATABASE_URL to a PostgreSQL server of your own`,
        ),
      );
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => (code === 0 ? resolve() : fail(complaint || `exit code ${code}`)));
  });
}
