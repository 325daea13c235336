import { describe, expect, it } from '@jest/globals';
import { inputOf, problemsOf } from './input-schema';

describe('the input of an order', () => {
  it('refuses a size that is no whole number', () => {
    for (const size of ['2,000', '1e3', ' ', 'ten']) {
      const input = inputOf('create_volume', { name: 'data', size_gib: size, region: 'fra1' });
      expect(Object.keys(problemsOf('create_volume', input))).toEqual(['size_gib']);
    }
  });

  it('sends a size as a number', () => {
    const input = inputOf('create_volume', { name: 'data', size_gib: '200', region: 'fra1' });
    expect(input).toMatchObject({ size_gib: 200 });
    expect(problemsOf('create_volume', input)).toEqual({});
  });

  it('refuses a rule of a firewall without ports, without another side, or with an address that is none', () => {
    const outbound_rules = [{ protocol: 'icmp', destinations: { addresses: ['::/0'] } }];
    const problemsWith = (rule: object) => {
      const input = inputOf('create_firewall', { name: 'web', inbound_rules: [rule], outbound_rules });
      return Object.keys(problemsOf('create_firewall', input));
    };
    const wrong = [
      { protocol: 'tcp', ports: '', sources: { addresses: ['10.0.0.1'] } },
      { protocol: 'tcp', ports: '9000-80', sources: { addresses: ['10.0.0.1'] } },
      { protocol: 'tcp', ports: '70000', sources: { addresses: ['10.0.0.1'] } },
      { protocol: 'tcp', ports: '22', sources: { addresses: [] } },
      { protocol: 'tcp', ports: '22', sources: { addresses: ['10.0.0.300'] } },
      { protocol: 'tcp', ports: '22', sources: { addresses: ['10.0.0.0/33'] } },
      { protocol: 'tcp', ports: '22', sources: { addresses: ['office'] } },
    ];
    expect(wrong.map(problemsWith)).toEqual(wrong.map(() => ['inbound_rules']));
    const right = [
      { protocol: 'tcp', ports: '22', sources: { addresses: ['10.0.0.0/8', '2001:db8::/32'] } },
      { protocol: 'udp', ports: '8000-9000', sources: { addresses: [], tags: ['web'] } },
      { protocol: 'icmp', sources: { addresses: ['0.0.0.0/0'] } },
    ];
    expect(right.map(problemsWith)).toEqual(right.map(() => []));
  });
});
