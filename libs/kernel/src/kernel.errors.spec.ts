import { DomainError, domainError, errorCode, isRetryable, nearestWord, unknownWord, ValidationFailedError } from './kernel.errors';

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

describe('D2: the nearest known word', () => {
  const IMAGES = ['debian-12-x64', 'ubuntu-20-04-x64', 'ubuntu-22-04-x64', 'ubuntu-24-04-x64', 'ubuntu-24-10-x64'];

  it.each([
    ['ubuntu-24', IMAGES, 'ubuntu-24-10-x64'],
    ['ubuntu', IMAGES, 'ubuntu-24-10-x64'],
    ['ubuntu-2404-x64', IMAGES, 'ubuntu-24-04-x64'],
    ['FRA1', ['blr1', 'fra1', 'nyc1'], 'fra1'],
    ['droplets', ['droplet', 'droplet_backup', 'volume'], 'droplet'],
    ['drop', ['droplet_backup', 'droplet', 'volume'], 'droplet'],
    ['size', ['image', 'name', 'size_slug'], 'size_slug'],
    ['provision_dropplet', ['destroy_droplet', 'provision_droplet'], 'provision_droplet'],
    ['zebra', ['droplet', 'volume'], undefined],
    ['', ['droplet'], undefined],
    ['x'.repeat(5_000), ['droplet'], undefined],
    ['droplet', [], undefined],
  ])('of %j is sane [TEN-5]', (word, known, nearest) => {
    expect(nearestWord(word, known)).toBe(nearest);
  });

  it('stands in the message with the known words, of which a long list is cut', () => {
    expect(unknownWord('droplets', ['droplet', 'volume'])).toBe('must be one of droplet, volume; did you mean droplet?');
    const many = Array.from({ length: 90 }, (_, nr) => `kind_${nr}`);
    expect(unknownWord(7, many)).toMatch(/kind_39, …$/);
  });
});

it.each([
  [[{ field: 'limit', message: 'limit must be a whole number from 1 to 200' }], 'limit must be a whole number from 1 to 200'],
  [[{ field: 'colour', message: 'is not a known field' }], 'colour is not a known field'],
  [
    [
      { field: 'kind', message: 'is missing' },
      { field: 'x', message: 'is not a known field' },
    ],
    'kind is missing (and 1 more; see errors)',
  ],
  [[{ field: 'input.action', message: 'action must be on or off' }], 'input.action must be on or off'],
  [[{ field: '', message: 'the body must be a JSON object' }], 'the body must be a JSON object'],
])('D2: names the first problem of %j in the message', (errors, message) => {
  expect(new ValidationFailedError(errors).message).toBe(message);
});
