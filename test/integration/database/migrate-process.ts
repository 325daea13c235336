import { migrate } from '#libs/database';

/** Migrates in a process of its own, as the rollout of a release does. */
void migrate(process.env.DATABASE_OWNER_URL ?? '', { appUrl: process.env.DATABASE_URL });
