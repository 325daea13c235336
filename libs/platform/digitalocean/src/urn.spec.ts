import { formatUrn, parseUrn } from './urn';

it.each([
  { text: 'do:droplet:572017320', type: 'droplet', id: '572017320' },
  { text: 'do:Droplet:1', type: 'droplet', id: '1' },
  { text: 'do:domain:example.com', type: 'domain', id: 'example.com' },
  { text: 'do:reservedipv6:2409:40d0:fa:27dd::1', type: 'reservedipv6', id: '2409:40d0:fa:27dd::1' },
  { text: 'do:something_new:x', type: 'something_new', id: 'x' },
])('parses $text, of a known or an unknown type [INV-11]', ({ text, type, id }) => {
  expect(parseUrn(text)).toEqual({ type, id, urn: formatUrn(type, id) });
});

it.each([
  '',
  'do',
  'do:droplet',
  'do:droplet:',
  'do::1',
  'aws:droplet:1',
  'do:drop let:1',
  'do:droplet:1 2',
  `do:space:${'x'.repeat(600)}`,
])('does not accept "%s" as a URN', (text) => {
  expect(parseUrn(text)).toBeUndefined();
});
