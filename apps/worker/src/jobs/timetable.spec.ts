import { SWEEPS } from '#libs/inventory';
import { QUEUE_NAMES } from '#libs/queues';
import { TIMETABLE } from './timetable';

describe('the timetable', () => {
  it('has one schedule per sweep, projects included, each with a key of its own', () => {
    const sweeps = TIMETABLE.flatMap((entry) => (entry.job === 'sweep' ? [entry.data.kind] : []));
    expect(sweeps).toEqual(SWEEPS.map(({ kind }) => kind));
    expect(sweeps).toContain('project');
    expect(new Set(TIMETABLE.map(({ key }) => key)).size).toBe(TIMETABLE.length);
    expect(TIMETABLE.map(({ key }) => key)).toContain('billing.balance');
  });

  it.each(TIMETABLE.map(({ key, queue }) => ({ key, queue })))('schedules $key on an existing queue', ({ queue }) => {
    expect(QUEUE_NAMES).toContain(queue);
  });
});
