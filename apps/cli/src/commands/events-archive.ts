import { verifyChain } from '#libs/audit';
import { withSession } from '#libs/database';
import { archiveEvents } from '#libs/inventory';
import { LaunchError } from '#libs/local-stack';
import { parseFlags } from '../command-line';
import { APPEND_ONLY_STREAMS } from './append-only-streams';
import { withCommandDatabase } from './command-database';

const USAGE = `npm run events:archive
  Lets events leave by whole months that ended more than EVENT_RETENTION_DAYS ago (INV-14), after writing down the last values of what they touched.
  Works as DATABASE_OWNER_URL; without it and DATABASE_URL on the embedded PostgreSQL of DATA_DIR. First looks whether the record is whole: if not,
  nothing leaves (exit code 1). Export the months first if you want to keep them elsewhere: what has left is not in the database any more.`;

const say = (line: string): void => void process.stderr.write(`events:archive: ${line}\n`);

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
        say(`nothing left: the record is not whole (${findings} findings), see npm run audit:verify`);
        return 1;
      }
      const months = await archiveEvents(session, keepDays, ({ month, events, resources }) =>
        say(`${month.slice(0, 7)}: ${events} events left, last values of ${resources} resources kept`),
      );
      if (months.length === 0) say(`no month ended more than ${keepDays} days ago and is still there`);
      return 0;
    });
  });
}
