export { EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres';
export { EmbeddedPostgresError } from './embedded-postgres.error';
export { askToEnd, readRunning, type RunningEmbeddedPostgres } from './running';
export { makeEnterable } from './folders';
