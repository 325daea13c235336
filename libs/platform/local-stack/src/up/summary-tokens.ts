import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface SummaryTokens {
  readonly admin: string;
  readonly tenant: string;
}

/** Made in a process of their own: signing needs libraries that the launcher should not keep in memory all day. */
export async function mintSummaryTokens(env: NodeJS.ProcessEnv): Promise<SummaryTokens> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(__dirname, 'mint-summary-tokens.js')], { env });
  return JSON.parse(stdout) as SummaryTokens;
}
