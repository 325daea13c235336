import { tagChanges } from './tag-changes';

it.each([
  { now: [], wanted: [], add: [], remove: [] },
  { now: ['web'], wanted: ['db'], add: ['db'], remove: ['web'] },
  { now: ['Web', 'db'], wanted: ['web', 'db'], add: [], remove: [] },
  { now: ['managed-by-arcadia-cloud', 'arcadia-saga-1', 'web'], wanted: [], add: [], remove: ['web'] },
  { now: ['web'], wanted: ['web', 'Managed-by-arcadia-cloud', 'arcadia-saga-2'], add: [], remove: [] },
])('from $now to $wanted: add $add, remove $remove', ({ now, wanted, add, remove }) => {
  expect(tagChanges(now, wanted)).toEqual({ add, remove });
});
