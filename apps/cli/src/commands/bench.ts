import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { HelpRequested, UsageError } from '../command-line';
import { runNode } from '#libs/local-stack';

const USAGE = `npm run bench [-- <name>…]
  Runs the measurements of bench/ (all, or the named ones) one after the other. Each prints one JSON line to standard output.`;

const FOLDER = 'bench';
const SUFFIX = /\.bench\.m?js$/;

/** The worst exit code of those that ran. */
export async function bench(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) throw new HelpRequested(USAGE);
  const files = existsSync(FOLDER)
    ? readdirSync(FOLDER)
        .filter((file) => SUFFIX.test(file))
        .sort()
    : [];
  const known = files.map((file) => file.replace(SUFFIX, ''));
  const unknown = args.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`There is no measurement ${unknown.join(', ')}; known: ${known.join(', ') || 'none'}`, USAGE);
  let worst = 0;
  for (const file of files) {
    if (args.length > 0 && !args.includes(file.replace(SUFFIX, ''))) continue;
    worst = Math.max(worst, await runNode([join(FOLDER, file)], { ...process.env, ARCADIA_ENV_FILE: '' }));
  }
  return worst;
}
