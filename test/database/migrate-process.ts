import { migrate } from '#libs/database';

/** A process of its own that migrates, as a release does that is rolled out. */
void migrate(process.env.DATABASE_OWNER_URL ?? '', { appUrl: process.env.DATABASE_URL });
