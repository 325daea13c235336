import { bodyOf, canonicalData, writable, type ListedRecord } from '../provider/dns-record-calls';
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
  zone: 'fern-bakery.example',
  type: 'A',
  data,
  previousData: null,
  ...NONE,
  ...fields,
});

describe('decides on an upsert by the records that the zone has', () => {
  it.each([
    { name: 'a zone without such a record', now: [], want: wanted('1.1.1.1'), does: { is: 'create' } },
    { name: 'a record with the same data', now: [listed('1', '1.1.1.1')], want: wanted('1.1.1.1'), does: { is: 'noop' } },
    {
      name: 'a record with the same data among others',
      now: [listed('1', '2.2.2.2'), listed('2', '1.1.1.1')],
      want: wanted('1.1.1.1'),
      does: { is: 'noop', record: { id: '2' } },
    },
    {
      name: 'a record with the same data when another TTL is wanted',
      now: [listed('1', '1.1.1.1')],
      want: wanted('1.1.1.1', { ttl: 60 }),
      does: { is: 'update', record: { id: '1' } },
    },
    {
      name: 'one record with other data',
      now: [listed('1', '2.2.2.2')],
      want: wanted('1.1.1.1'),
      does: { is: 'update', record: { id: '1' } },
    },
    {
      name: 'several records of which none is equal',
      now: [listed('1', '2.2.2.2'), listed('2', '3.3.3.3')],
      want: wanted('1.1.1.1'),
      does: { is: 'refuse', code: 'ambiguous_record' },
    },
    {
      name: 'several records of which the input selects one',
      now: [listed('1', '2.2.2.2'), listed('2', '3.3.3.3')],
      want: wanted('1.1.1.1', { previousData: '3.3.3.3' }),
      does: { is: 'update', record: { id: '2' } },
    },
    {
      name: 'one record when the input selects another one',
      now: [listed('1', '2.2.2.2')],
      want: wanted('1.1.1.1', { previousData: '9.9.9.9' }),
      does: { is: 'refuse', code: 'previous_record_not_found' },
    },
    {
      name: 'no record when the input selects one',
      now: [],
      want: wanted('1.1.1.1', { previousData: '9.9.9.9' }),
      does: { is: 'refuse', code: 'previous_record_not_found' },
    },
    {
      name: 'a host name with and without its dot',
      now: [listed('1', 'x.example', { type: 'CNAME' })],
      want: wanted('X.example.', { type: 'CNAME' }),
      does: { is: 'noop' },
    },
    ...['CNAME', 'MX', 'NS', 'SRV', 'CAA'].map((type) => ({
      name: `a ${type} that points at the zone itself, which the provider reads back as @`,
      now: [listed('1', '@', { type })],
      want: wanted('Fern-Bakery.example.', { type }),
      does: { is: 'noop' },
    })),
    {
      name: 'a CAA that allows no authority',
      now: [listed('1', ';', { type: 'CAA', tag: 'issue' })],
      want: wanted(';', { type: 'CAA', tag: 'issue' }),
      does: { is: 'noop' },
    },
    {
      name: 'an IPv6 address in another form',
      now: [listed('1', '2001:db8::1', { type: 'AAAA' })],
      want: wanted('2001:0DB8:0:0::1', { type: 'AAAA' }),
      does: { is: 'noop' },
    },
    {
      name: 'texts that differ in letter case',
      now: [listed('1', 'V=spf1', { type: 'TXT' })],
      want: wanted('v=spf1', { type: 'TXT' }),
      does: { is: 'update' },
    },
  ])('$does.is for $name (A1) [SAG-14]', ({ now, want, does }) => {
    expect(decideRecord(now, want)).toMatchObject(does);
  });
});

describe('the body of a write', () => {
  it.each([
    ['CNAME', 'x.example', null, 'x.example.'],
    ['CNAME', 'x.example.', null, 'x.example.'],
    ['CNAME', '@', null, '@'],
    ['CAA', 'letsencrypt.org', 'issue', 'letsencrypt.org.'],
    ['CAA', ';', 'issue', ';.'],
    ['CAA', 'letsencrypt.org; validationmethods=dns-01', 'issue', 'letsencrypt.org; validationmethods=dns-01.'],
    ['CAA', 'mailto:a@b.example', 'iodef', 'mailto:a@b.example'],
    ['TXT', 'v=spf1', null, 'v=spf1'],
    ['A', '1.1.1.1', null, '1.1.1.1'],
  ])('has the data of a %s, %s, in the form that the provider accepts', (type, data, tag, written) => {
    expect(writable(type, { data, tag })).toBe(written);
    const place = { zone: 'fern-bakery.example', type };
    expect(canonicalData(place, writable(type, { data, tag }))).toBe(canonicalData(place, data));
  });

  it('contains the fields that the record has and no others', () => {
    expect(bodyOf('MX', '@', { ...NONE, data: 'mail.example', priority: 10, ttl: 60 })).toEqual({
      type: 'MX',
      name: '@',
      data: 'mail.example.',
      priority: 10,
      ttl: 60,
    });
  });
});
