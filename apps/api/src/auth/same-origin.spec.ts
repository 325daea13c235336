import { isSameOrigin } from './same-origin';

it.each([
  ['nothing at all', {}, false],
  ['its own page over https', { secFetchSite: 'same-origin', origin: 'https://cloud.example.com' }, true],
  ['its own page over http, where browsers leave Sec-Fetch-Site out', { origin: 'http://cloud.example.com' }, true],
  ['its own page, without Origin', { secFetchSite: 'same-origin' }, true],
  ['another site', { secFetchSite: 'cross-site', origin: 'https://evil.example' }, false],
  ['another site in an old browser', { origin: 'https://evil.example' }, false],
  ['a neighbour under the same domain', { secFetchSite: 'same-site', origin: 'https://shop.example.com' }, false],
  ['another port of the same host', { origin: 'https://cloud.example.com:8443' }, false],
  ['a page that hides its origin', { origin: 'null' }, false],
  ['an address typed or a bookmark', { secFetchSite: 'none' }, false],
  ['two headers that disagree', { secFetchSite: 'same-origin', origin: 'https://evil.example' }, false],
  ['a host that only begins alike', { origin: 'https://cloud.example.com.evil.example' }, false],
])('decides whether an action may come from %s [TEN-7]', (_who, request, passes) => {
  expect(isSameOrigin({ secFetchSite: undefined, origin: undefined, host: 'cloud.example.com', ...request })).toBe(passes);
});

it('refuses every origin when the request has no Host header [TEN-7]', () => {
  expect(isSameOrigin({ secFetchSite: undefined, origin: 'https://cloud.example.com', host: undefined })).toBe(false);
});
