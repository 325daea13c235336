import { SWEEPS } from '#libs/inventory';
import { QUEUE_NAMES } from '#libs/queues';
import { TIMETABLE } from './timetable';

describe('the timetable', () => {
  it('has one line per sweep, projects included, under keys of their own', () => {
    expect(TIMETABLE.map(({ data }) => data.kind)).toEqual(SWEEPS.map(({ kind }) => kind));
    expect(new Set(TIMETABLE.map(({ key }) => key)).size).toBe(SWEEPS.length);
    expect(TIMETABLE.map(({ data }) => data.kind)).toContain('project');
  });

  it.each(TIMETABLE.map(({ key, queue }) => ({ key, queue })))('$key has a queue', ({ queue }) => {
    expect(QUEUE_NAMES).toContain(queue);
  });
});
