import { domainError } from '#libs/kernel';

/** The feed begins after the requested number or time, because older events are archived. */
export class FeedArchivedError extends domainError(
  'events_archived',
  'gone',
  (before: string, sequence: string) =>
    `Events before ${before} have been archived: read from since=${before} or after=${sequence} on, or without both`,
) {}
