import { verifyChain } from '#libs/audit';
import { withSession } from '#libs/database';
import { APPEND_ONLY_STREAMS, archiveEvents } from '#libs/inventory';
import { LaunchError } from '#libs/local-stack';
import { parseFlags } from '../command-line';
import { withCommandDatabase } from './command-database';

const USAGE = `npm run events:archive
  Archives events of whole months that ended more than EVENT_RETENTION_DAYS ago, after storing the last values of their resources.
  Works as DATABASE_OWNER_URL; without it and DATABASE_URL on the embedded PostgreSQL of DATA_DIR. It verifies the chain first: if that fails,
  no event is archived (exit code 1). Archived events are deleted from the database, so export the months first if you want to keep them.`;

const log = (line: string): void => void process.stderr.write(`events:archive: ${line}\n`);

export async function eventsArchive(args: readonly string[]): Promise<number> {
  parseFlags(args, USAGE, {});
  return withCommandDatabase(({ ownerUrl, eventRetentionDays: keepDays }) => {
    if (ownerUrl === undefined) {
      throw new LaunchError('launch_configuration_invalid', 'DATABASE_OWNER_URL is not set: the role of DATABASE_URL cannot remove events');
    }
    return withSession(ownerUrl, 'owner', async (session) => {
      let findings = 0;
      await verifyChain(session, { streams: APPEND_ONLY_STREAMS, keepDays }, () => (findings += 1));
      if (findings > 0) {
        log(`no event was archived: the chain is not whole (${findings} findings), see npm run audit:verify`);
        return 1;
      }
      const months = await archiveEvents(session, keepDays, ({ month, events, resources }) =>
        log(`${month.slice(0, 7)}: ${events} events archived, last values of ${resources} resources kept`),
      );
      if (months.length === 0) log(`no month that ended more than ${keepDays} days ago is left to archive`);
      return 0;
    });
  });
}
