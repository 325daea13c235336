import { bodyOf, comparable, writable, type ListedRecord } from './dns-record';
import { decideRecord, type WantedRecord } from './record-decision';

const NONE = { ttl: null, priority: null, port: null, weight: null, flags: null, tag: null };
const listed = (id: string, data: string, fields: Partial<ListedRecord> = {}): ListedRecord => ({
  id,
  type: 'A',
  name: 'www',
  data,
  ...NONE,
  ttl: 1800,
  ...fields,
});
const wanted = (data: string, fields: Partial<WantedRecord> = {}): WantedRecord => ({
  type: 'A',
  data,
  previousData: null,
  ...NONE,
  ...fields,
});

describe('SAG-14: what an upsert does', () => {
  it.each([
    { name: 'nothing there', now: [], want: wanted('1.1.1.1'), does: { is: 'create' } },
    { name: 'the same data', now: [listed('1', '1.1.1.1')], want: wanted('1.1.1.1'), does: { is: 'noop' } },
    {
      name: 'the same data among others',
      now: [listed('1', '2.2.2.2'), listed('2', '1.1.1.1')],
      want: wanted('1.1.1.1'),
      does: { is: 'noop', record: { id: '2' } },
    },
    {
      name: 'the same data, another TTL asked for',
      now: [listed('1', '1.1.1.1')],
      want: wanted('1.1.1.1', { ttl: 60 }),
      does: { is: 'update', record: { id: '1' } },
    },
    { name: 'one with other data', now: [listed('1', '2.2.2.2')], want: wanted('1.1.1.1'), does: { is: 'update', record: { id: '1' } } },
    {
      name: 'several, none equal',
      now: [listed('1', '2.2.2.2'), listed('2', '3.3.3.3')],
      want: wanted('1.1.1.1'),
      does: { is: 'refuse', code: 'ambiguous_record' },
    },
    {
      name: 'several, one named',
      now: [listed('1', '2.2.2.2'), listed('2', '3.3.3.3')],
      want: wanted('1.1.1.1', { previousData: '3.3.3.3' }),
      does: { is: 'update', record: { id: '2' } },
    },
    {
      name: 'one, another named',
      now: [listed('1', '2.2.2.2')],
      want: wanted('1.1.1.1', { previousData: '9.9.9.9' }),
      does: { is: 'refuse', code: 'previous_record_not_found' },
    },
    {
      name: 'none, one named',
      now: [],
      want: wanted('1.1.1.1', { previousData: '9.9.9.9' }),
      does: { is: 'refuse', code: 'previous_record_not_found' },
    },
    {
      name: 'a host with and without its dot',
      now: [listed('1', 'x.example', { type: 'CNAME' })],
      want: wanted('X.example.', { type: 'CNAME' }),
      does: { is: 'noop' },
    },
    {
      name: 'an address in another form',
      now: [listed('1', '2001:db8::1', { type: 'AAAA' })],
      want: wanted('2001:0DB8:0:0::1', { type: 'AAAA' }),
      does: { is: 'noop' },
    },
    {
      name: 'texts that differ in case',
      now: [listed('1', 'V=spf1', { type: 'TXT' })],
      want: wanted('v=spf1', { type: 'TXT' }),
      does: { is: 'update' },
    },
  ])('$name', ({ now, want, does }) => {
    expect(decideRecord(now, want)).toMatchObject(does);
  });
});

describe('data', () => {
  it.each([
    ['CNAME', 'x.example', null, 'x.example.'],
    ['CNAME', 'x.example.', null, 'x.example.'],
    ['CNAME', '@', null, '@'],
    ['CAA', 'letsencrypt.org', 'issue', 'letsencrypt.org.'],
    ['CAA', 'mailto:a@b.example', 'iodef', 'mailto:a@b.example'],
    ['TXT', 'v=spf1', null, 'v=spf1'],
    ['A', '1.1.1.1', null, '1.1.1.1'],
  ])('of a %s, %s, is written as the provider takes it', (type, data, tag, written) => {
    expect(writable(type, { data, tag })).toBe(written);
    expect(comparable(type, writable(type, { data, tag }))).toBe(comparable(type, data));
  });

  it('a write sends what the record has and nothing else', () => {
    expect(bodyOf('MX', '@', { ...NONE, data: 'mail.example', priority: 10, ttl: 60 })).toEqual({
      type: 'MX',
      name: '@',
      data: 'mail.example.',
      priority: 10,
      ttl: 60,
    });
  });
});
