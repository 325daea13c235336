import { list, optionalRecord, record } from '../answer-shape';
import { MalformedAnswerError } from '../provider.error';
import type { AnsweredPage } from './list-walk';

/**
 * Reads `{<key>: [...], links, meta: {total}}`. A missing collection is not an empty one: it throws `MalformedAnswerError`.
 * An item that `parse` refuses costs itself only, not the page.
 */
export function readPage<T>(body: unknown, key: string, parse: (raw: unknown) => T): AnsweredPage<T> {
  const answer = record(body, 'the answer');
  const raws = list(answer, key);
  const total = optionalRecord(answer.meta, 'meta')?.total ?? undefined;
  if (total !== undefined && !(Number.isSafeInteger(total) && Number(total) >= 0))
    throw new MalformedAnswerError('meta.total is not a count');
  const pages = optionalRecord(optionalRecord(answer.links, 'links')?.pages, 'links.pages');
  return {
    ...readItems(raws, parse),
    total: total === undefined ? undefined : Number(total),
    hasNext: typeof pages?.next === 'string' && pages.next !== '',
  };
}

function readItems<T>(raws: readonly unknown[], parse: (raw: unknown) => T): Pick<AnsweredPage<T>, 'items' | 'unreadable'> {
  const items: T[] = [];
  const unreadable: MalformedAnswerError[] = [];
  for (const raw of raws) {
    try {
      items.push(parse(raw));
    } catch (error) {
      if (!(error instanceof MalformedAnswerError)) throw error;
      unreadable.push(error);
    }
  }
  return { items, unreadable };
}
