import { tagChanges } from './set-tags.step';

it.each([
  { live: [], wanted: [], add: [], remove: [] },
  { live: ['web'], wanted: ['db'], add: ['db'], remove: ['web'] },
  { live: ['Web', 'db'], wanted: ['web', 'db'], add: [], remove: [] },
  { live: ['managed-by-arcadia-cloud', 'arcadia-saga-1', 'web'], wanted: [], add: [], remove: ['web'] },
  { live: ['web'], wanted: ['web', 'Managed-by-arcadia-cloud', 'arcadia-saga-2'], add: [], remove: [] },
])('adds $add and removes $remove to change the tags $live to $wanted [DRF-5]', ({ live, wanted, add, remove }) => {
  expect(tagChanges(live, wanted)).toEqual({ add, remove });
});
