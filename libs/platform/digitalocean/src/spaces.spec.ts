import { bucketsIn, signedHeaders } from './spaces';

/** The example of Amazon's documentation of Signature Version 4 for S3: "GET Bucket Lifecycle". */
it('signs a request as the documented example', () => {
  const key = { access: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
  const at = new Date('2013-05-24T00:00:00Z');
  const { authorization } = signedHeaders(key, {
    host: 'examplebucket.s3.amazonaws.com',
    path: '/',
    query: 'lifecycle=',
    region: 'us-east-1',
    at,
  });
  expect(authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
      'SignedHeaders=host;x-amz-content-sha256;x-amz-date, ' +
      'Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  );
});

it('reads the buckets of a list, and takes no other answer for an empty one', () => {
  const bucket = (name: string, created: string) => `<Bucket><Name>${name}</Name><CreationDate>${created}</CreationDate></Bucket>`;
  const list = (...buckets: string[]) =>
    `<?xml version="1.0"?><ListAllMyBucketsResult xmlns="x"><Owner/><Buckets>${buckets.join('')}</Buckets></ListAllMyBucketsResult>`;
  expect(bucketsIn(list(bucket('fern-assets', '2026-03-01T10:00:00.000Z'), bucket('../x', ''), bucket('logs', 'soon')), 'fra1')).toEqual([
    { name: 'fern-assets', region: 'fra1', createdAt: '2026-03-01T10:00:00.000Z' },
    { name: 'logs', region: 'fra1', createdAt: null },
  ]);
  expect(bucketsIn(list(), 'fra1')).toEqual([]);
  for (const other of ['', '<Error><Code>AccessDenied</Code></Error>', '<html></html>'])
    expect(() => bucketsIn(other, 'fra1')).toThrow('not a list of buckets');
});
