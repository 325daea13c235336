import { chmodSync, lstatSync, mkdirSync, mkdtempSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { reachableBy, type OsAccount } from './os-account';

/** Makes a folder and the missing ones above it enterable for everybody, whatever the umask: the server's account must get through. */
export function makeEnterable(folder: string): void {
  const first = mkdirSync(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    chmodSync(made, 0o755);
    if (made === first || made === dirname(made)) return;
  }
}

/**
 * Where the cluster of `homeDir` lives: `homeDir/postgres`, which may be a link. Below a closed folder (root's home, mostly) the server's
 * account could never reach it, so the link then leads to a folder of its own outside; it survives restarts like the rest.
 */
export function clusterFolder(homeDir: string, account: OsAccount | undefined): string {
  makeEnterable(homeDir);
  const wished = join(realpathSync(homeDir), 'postgres');
  const known = lstatSync(wished, { throwIfNoEntry: false });
  if (known?.isSymbolicLink()) return realpathSync(wished);
  if (known || !account) return wished;
  letThrough(homeDir);
  if (reachableBy(account, homeDir)) return wished;
  const outside = join(mkdtempSync(join(outsideFolder(), 'cluster-')), 'postgres');
  chmodSync(dirname(outside), 0o755);
  mkdirSync(outside, { mode: 0o700 });
  symlinkSync(outside, wished);
  return realpathSync(wished);
}

/** Lets every account walk through a folder of ours, without listing it; what is secret in it has modes of its own. */
function letThrough(folder: string): void {
  const { mode, uid } = statSync(folder);
  if (uid === process.getuid?.()) chmodSync(folder, (mode & 0o7777) | 0o011);
}

/** A folder that every account can enter and only we can write to: below /var/lib, else below the temporary folder. */
export function outsideFolder(): string {
  for (const folder of ['/var/lib/arcadia-cloud', join(tmpdir(), `arcadia-cloud-${process.getuid?.() ?? 0}`)]) {
    try {
      makeEnterable(folder);
      const { uid, mode } = statSync(folder);
      if (uid === process.getuid?.() && (mode & 0o022) === 0) return folder;
    } catch {
      continue; // read-only or not ours: the next candidate
    }
  }
  const fresh = mkdtempSync(join(tmpdir(), 'arcadia-cloud-'));
  chmodSync(fresh, 0o755);
  return fresh;
}
