import { causeOf, type ToldAction } from './event-cause';

const at = new Date('2026-05-01T12:00:00Z');
const action = (id: string, name: string, minutes: number): ToldAction => ({
  action_id: id,
  action: name,
  started_at: '2026-05-01T11:59:00+00:00',
  heard_at: new Date(at.getTime() + minutes * 60_000),
  saga_id: id === '5' ? 'a-saga' : null,
});
const resized = { type: 'updated', at, changes: { size_slug: { old: 'a', new: 'b' } } };

it('names the latest action that can have made the change, heard of before or shortly after it', () => {
  const actions = [action('1', 'resize', -90), action('2', 'resize', -2), action('3', 'power_off', -1), action('4', 'reboot', 0)];
  expect(causeOf(resized, actions)).toEqual({
    action_id: '2',
    action: 'resize',
    at: '2026-05-01T11:59:00+00:00',
    ours: false,
    saga_id: null,
  });
  expect(causeOf(resized, [action('5', 'resize', 3)])).toMatchObject({ action_id: '5', ours: true, saga_id: 'a-saga' });
});

it('a droplet that was switched off to be resized was resized', () => {
  const both = { ...resized, changes: { ...resized.changes, status: { old: 'active', new: 'off' } } };
  expect(causeOf(both, [action('1', 'resize', -2), action('2', 'power_off', -1)])).toMatchObject({ action: 'resize' });
});

it.each([
  { why: 'does not make such a change', told: action('1', 'power_on', -1) },
  { why: 'came long after it', told: action('1', 'resize', 20) },
  { why: 'was over long before it', told: action('1', 'resize', -1_441) },
])('an action that $why is no cause', ({ told }) => {
  expect(causeOf(resized, [told])).toBeNull();
});

it('only changes have causes', () => {
  expect(causeOf({ ...resized, type: 'provider_action' }, [action('1', 'resize', 0)])).toBeNull();
});
