import { QueryCache } from './passed-queries';

class OneQuery {}
class OtherQuery {}

it('reads a query once per class, and gives out what cannot be changed', () => {
  const passed = new QueryCache();
  let reads = 0;
  const ask = (of: typeof OneQuery, value: object) => passed.of(of, value, () => ({ read: ++reads }));
  const first = ask(OneQuery, { limit: '5' });
  expect(ask(OneQuery, { limit: '5' })).toBe(first);
  expect(Object.isFrozen(first)).toBe(true);
  ask(OtherQuery, { limit: '5' });
  ask(OneQuery, { limit: ['5'] });
  ask(OneQuery, {});
  expect(reads).toBe(4);
});

it('remembers no refused query, no long one, and never more than a few hundred', () => {
  const passed = new QueryCache();
  let reads = 0;
  const refuse = () => {
    reads++;
    throw new Error('refused');
  };
  for (let times = 0; times < 2; times++) expect(() => passed.of(OneQuery, {}, refuse)).toThrow('refused');
  expect(reads).toBe(2);
  const ask = (q: string) => passed.of(OneQuery, { q }, () => ({ read: ++reads }));
  expect(ask('x'.repeat(600))).not.toBe(ask('x'.repeat(600)));
  const first = ask('0');
  for (let n = 1; n < 300; n++) ask(`${n}`);
  expect(ask('0')).not.toBe(first);
});
