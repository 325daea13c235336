import { gauge } from '#libs/observability';

/** Answers since when secrets could not be followed, in ms of `performance.now()`; undefined while they can. */
export type TroubleSince = () => number | undefined;

let troubleSince: TroubleSince | undefined;

/** From now on the metric tells of these secrets, which are those of a process; undefined: it has none from Vault. */
export function tellOf(secrets: TroubleSince | undefined): void {
  troubleSince = secrets;
}

/** 0 while Vault can be followed; undefined where no secret comes from there. */
export function unfollowedS(): number | undefined {
  if (!troubleSince) return undefined;
  const sinceMs = troubleSince();
  return sinceMs === undefined ? 0 : (performance.now() - sinceMs) / 1_000;
}

gauge('arcadia_secrets_unfollowed_seconds', 'For how long secrets in Vault could not be followed; 0 while they are', [], () => {
  const value = unfollowedS();
  return Promise.resolve(value === undefined ? [] : [{ labels: {}, value }]);
});
