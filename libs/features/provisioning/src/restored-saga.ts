import { fail, type StepAnswer } from '#libs/saga';

/**
 * The end of an undoing that found something which a saga cut off by a restore may have finished and handed over after the backup: it is left to
 * people (OPS-8). Once they have removed it, a retry of the saga finds nothing and ends.
 */
export const leftAfterRestore = (what: string): StepAnswer =>
  fail({ code: 'database_restored', detail: `Left alone, because it may have been in use since the backup: ${what}` });
