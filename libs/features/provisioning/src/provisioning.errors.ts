import { domainError, quotedWord, type DomainError } from '#libs/kernel';
import { fail, type StepAnswer, type StepError } from '#libs/saga';

/** The request contains a field that only platform admins may set. */
export class AdminsOnlyError extends domainError('admins_only', 'forbidden', (field: string) => `Only platform admins may set ${field}`) {}

/** The caller means another droplet than the one that it named by its id. */
export class NameMismatchError extends domainError(
  'name_mismatch',
  'conflict',
  (expected: string, name: string | null) =>
    `The droplet is called ${name ?? 'nothing'}, not ${quotedWord(expected)}: check which one you mean, nothing was destroyed`,
) {}

/** The provider cannot restore the desired state in place, or not without losing data. The message contains the reason. */
export class NotRevertibleError extends domainError('not_revertible', 'conflict', (reason: string) => `Cannot be reverted: ${reason}`) {}

/** The droplet's disk is larger than that of the wanted size. The message contains both. [TNT-4] */
export class DiskCannotShrinkError extends domainError('disk_cannot_shrink', 'conflict') {}

/** The form in which a step returns an error. */
export const stepErrorOf = ({ code, message: detail }: DomainError): StepError => ({ code, detail });

/** Fails a step because its droplet does not exist at the provider. */
export const dropletMissing = (dropletId: string): StepAnswer<never> =>
  fail({ code: 'droplet_gone', detail: `Droplet ${dropletId} does not exist any more` }, 'none');

/**
 * Fails a compensation that finds a resource which the saga may have finished after the backup that was restored. Such a resource may be in
 * use, so people decide about it. After they have deleted it, a retry of the saga finds nothing and ends. [OPS-8]
 */
export const leftAfterRestore = (resource: string): StepAnswer<never> =>
  fail({ code: 'database_restored', detail: `Left in place, because it may have been in use since the backup: ${resource}` });
