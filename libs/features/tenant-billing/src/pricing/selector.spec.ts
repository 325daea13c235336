import { ValidationFailedError } from '#libs/kernel';
import { PASS_THROUGH } from './rate-model';
import { chooseRate, readSelector, selects, type Rate, type RateSubject, type Selector } from './selector';

const SUBJECT: RateSubject = {
  product: 'Droplets',
  kind: 'droplet',
  sku: 's-2vcpu-4gb',
  region: 'fra1',
  project_id: 'p-1',
  tags: ['rate:gold', 'web'],
};
const rate = (id: string, selector: Selector, priority = 0): Rate => ({ id, selector, model: PASS_THROUGH, priority });

it.each<[Selector, boolean]>([
  [{}, true],
  [{ product: 'Droplets' }, true],
  [{ product: 'Volumes' }, false],
  [{ sku: 's-2vcpu-*' }, true],
  [{ sku: 's-2vcpu-4gb' }, true],
  [{ sku: '*-2vcpu-*' }, true],
  [{ sku: 's-4*' }, false],
  [{ sku: '*4gb*4gb' }, false],
  [{ kind: 'droplet', region: 'fra1', project_id: 'p-1' }, true],
  [{ kind: 'droplet', region: 'ams3' }, false],
  [{ tag: 'rate:gold' }, true],
  [{ tag: 'rate:silver' }, false],
  [{ tag: 'web' }, false],
])('the selector %j applies: %s', (selector, applies) => {
  expect(selects(selector, SUBJECT)).toBe(applies);
});

it.each<[string, string | null, boolean]>([
  ['*', 'b', true],
  ['*', null, false],
  ['ab*ba', 'aba', false],
  ['a*b*c', 'abc', true],
  ['a*bb*b*c', 'abbc', false],
  ['a*bb*b*c', 'abbbc', true],
])('the pattern %s covers the size %s: %s', (sku, size, covers) => {
  expect(selects({ sku }, { ...SUBJECT, sku: size })).toBe(covers);
});

it('applies to a project and a region only where the line has them', () => {
  expect(selects({ project_id: 'p-2' }, SUBJECT)).toBe(false);
  expect(selects({ project_id: 'p-1' }, { ...SUBJECT, project_id: null })).toBe(false);
  expect(selects({ region: 'fra1' }, { ...SUBJECT, region: null })).toBe(false);
});

it('reads texts of at most 200 characters, of which only a tag must be a reserved one', () => {
  const longest = 'x'.repeat(200);
  expect(readSelector({ kind: longest, tag: 'rate:gold' }, 'selector')).toEqual({ kind: longest, tag: 'rate:gold' });
  expect(() => readSelector({ kind: `${longest}x` }, 'selector')).toThrow(ValidationFailedError);
});

it('chooses by layer, then dimensions, then priority, then id', () => {
  const general = rate('a', {});
  const exact = rate('b', { kind: 'droplet', region: 'fra1' });
  const urgent = rate('d', { kind: 'droplet' }, 5);
  const calm = rate('c', { kind: 'droplet' }, 1);
  const other = rate('e', { kind: 'volume' });
  expect(chooseRate([[], [general, exact]], SUBJECT)).toBe(exact);
  expect(chooseRate([[general], [exact]], SUBJECT)).toBe(general);
  expect(chooseRate([[other], [calm, urgent, general]], SUBJECT)).toBe(urgent);
  expect(chooseRate([[rate('g', { kind: 'droplet' }), rate('f', { kind: 'droplet' })]], SUBJECT)?.id).toBe('f');
  expect(chooseRate([[other]], SUBJECT)).toBeUndefined();
});

it.each([[{ tag: 'web' }], [{ size: 's-1' }], [{ kind: '' }], [{ kind: 7 }]])('refuses the selector %j', (selector) => {
  expect(() => readSelector(selector, 'selector')).toThrow(ValidationFailedError);
});
