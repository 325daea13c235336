import { findJsonEnd } from './problem';

describe('D2: a body that is no JSON', () => {
  it.each([
    ['{"kind": droplet}', 9],
    ['{"kind":"droplet",}', 18],
    ["{'kind':'droplet'}", 1],
    ['{"kind":"droplet"', 17],
    ['{"kind"', 7],
    ['[1,2', 4],
    ['[1 2]', 3],
    ['{"a":01}', 5],
    ['{"a":1}}', 7],
    ['{"a":"x\ny"}', 5],
    ['{"a":"\\q"}', 5],
    ['', 0],
    ['nul', 0],
    ['['.repeat(30_000), 30_000],
  ])('%j stops being JSON at %d', (body, at) => {
    expect(() => JSON.parse(body) as unknown).toThrow(SyntaxError);
    expect(findJsonEnd(body)).toBe(at);
  });

  it.each(['{}', ' [1, -2.5e3, true, null, {"a": ["\\u00e9"]}] ', '"x"', '0', '{"a":{"b":[]},"c":""}'])('%j is JSON', (body) => {
    expect(() => JSON.parse(body) as unknown).not.toThrow();
    expect(findJsonEnd(body)).toBeUndefined();
  });
});
