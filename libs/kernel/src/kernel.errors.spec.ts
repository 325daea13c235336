import { DomainError, domainError, errorCode, isRetryable } from './kernel.errors';

class ShelfEmptyError extends domainError('shelf_empty', 'not_found', 'The shelf is empty') {}
class ShelfBusyError extends domainError('shelf_busy', 'unavailable', (shelf: string) => `Shelf ${shelf} is busy`, { retryAfterMs: 250 }) {}
class ShelfRefusedError extends domainError('shelf_refused', 'conflict') {}

describe('a class on domainError', () => {
  it.each([
    {
      error: new ShelfEmptyError(),
      fields: { name: 'ShelfEmptyError', code: 'shelf_empty', category: 'not_found', message: 'The shelf is empty' },
    },
    {
      error: new ShelfBusyError('B7'),
      fields: { name: 'ShelfBusyError', code: 'shelf_busy', category: 'unavailable', message: 'Shelf B7 is busy', retryAfterMs: 250 },
    },
    {
      error: new ShelfRefusedError('it is locked'),
      fields: { name: 'ShelfRefusedError', code: 'shelf_refused', category: 'conflict', message: 'it is locked' },
    },
  ])('$fields.name has its own name, code, category and message', ({ error, fields }) => {
    expect(error).toBeInstanceOf(DomainError);
    expect(error).toMatchObject({ retryAfterMs: undefined, outage: false, reportedWhileWaiting: false, ...fields });
  });

  it('is distinguished from another class by instanceof', () => {
    const error: DomainError = new ShelfEmptyError();
    expect([error instanceof ShelfEmptyError, error instanceof ShelfBusyError]).toEqual([true, false]);
  });

  it('is retried by its category and stored by its code', () => {
    expect([new ShelfBusyError('B7'), new ShelfEmptyError()].map((error) => [isRetryable(error), errorCode(error)])).toEqual([
      [true, 'shelf_busy'],
      [false, 'shelf_empty'],
    ]);
  });
});
