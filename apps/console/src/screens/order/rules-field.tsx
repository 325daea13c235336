import { Select, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { answered, api } from '../../client/client';
import { IconPlus, IconX } from '../../parts/icons';
import { isAddress, isPorts, type Rule, type RuleSide } from './input-schema';
import { TEXTS } from './texts';

const PROTOCOLS = ['tcp', 'udp', 'icmp'];
const ANYWHERE = ['0.0.0.0/0', '::/0'];
const { rules: WORDS } = TEXTS;

interface RulesFieldProps {
  readonly name: string;
  readonly side: RuleSide;
  /** Undefined until something was typed or read. */
  readonly value: readonly Rule[] | undefined;
  readonly set: (rules: readonly Rule[]) => void;
  readonly problem: string | undefined;
  /** The firewall that gets the rules: its present ones are the start. Undefined until it is chosen. */
  readonly firewall: string | undefined;
  /** The order creates the firewall. */
  readonly isNew: boolean;
}

/** Of a new firewall: nothing comes in, everything goes out. */
const STARTS: Readonly<Record<RuleSide, readonly Rule[]>> = {
  sources: [],
  destinations: PROTOCOLS.map((protocol) => ({
    protocol,
    ...(protocol !== 'icmp' && { ports: '0' }),
    destinations: { addresses: ANYWHERE },
  })),
};

/** The rules of a firewall as rows: protocol, ports, and the addresses of the other side. */
export function RulesField({ name, side, value, set, problem, firewall, isNew }: RulesFieldProps) {
  const present = usePresentRules(firewall, name);
  const start = isNew ? STARTS[side] : present;
  useEffect(() => {
    if (value === undefined && start) set(start);
  }, [value, start, set]);
  const rules = value ?? [];
  const change = (at: number, next: Partial<Rule>) => set(rules.map((rule, index) => (index === at ? { ...rule, ...next } : rule)));
  const add = () =>
    set([...rules, { protocol: 'tcp', ports: side === 'sources' ? '22' : '0', [side]: { addresses: side === 'sources' ? [] : ANYWHERE } }]);
  return (
    <div className="grid fw" role="group" aria-label={WORDS.label[side]}>
      {rules.length === 0 && <p className="mid">{WORDS.none[side]}</p>}
      {rules.map((rule, at) => (
        <RuleRow
          key={at}
          nr={at + 1}
          rule={rule}
          side={side}
          showsProblems={problem !== undefined}
          change={(next) => change(at, next)}
          remove={() => set(rules.filter((_rule, index) => index !== at))}
        />
      ))}
      <div>
        <button type="button" className="btn sml" onClick={add}>
          <IconPlus size={14} stroke={1.75} aria-hidden />
          {WORDS.add}
        </button>
      </div>
      {problem && <p className="st bad">{problem}</p>}
    </div>
  );
}

/** The rules that the firewall has now. */
function usePresentRules(firewall: string | undefined, name: string): readonly Rule[] | undefined {
  const resource = useQuery({
    queryKey: ['resource', firewall],
    queryFn: () => answered(api.GET('/api/v1/inventory/{id}', { params: { path: { id: firewall ?? '' } } })),
    enabled: firewall !== undefined && firewall !== '',
  });
  const rules = resource.data?.data.attrs[name];
  return Array.isArray(rules) ? (rules as Rule[]) : undefined;
}

interface RuleRowProps {
  readonly nr: number;
  readonly rule: Rule;
  readonly side: RuleSide;
  /** Also what was left empty. */
  readonly showsProblems: boolean;
  readonly change: (next: Partial<Rule>) => void;
  readonly remove: () => void;
}

function RuleRow({ nr, rule, side, showsProblems, change, remove }: RuleRowProps) {
  const { protocol, ports = '' } = rule;
  const { addresses = [], ...others } = rule[side] ?? {};
  const wrong = addresses.filter((one) => !isAddress(String(one)));
  const named = Object.entries(others).filter(([, list]) => list.length > 0);
  const isIcmp = protocol === 'icmp';
  const portsProblem = !isIcmp && (ports !== '' || showsProblems) && !isPorts(ports) ? WORDS.wrongPorts : undefined;
  const noPeer = showsProblems && addresses.length === 0 && named.length === 0 ? WORDS.noPeer : undefined;
  return (
    <div className="fw-row">
      <Select
        aria-label={WORDS.protocol(nr)}
        data={PROTOCOLS.map((value) => ({ value, label: value.toUpperCase() }))}
        value={protocol}
        onChange={(next) => next && change({ protocol: next, ports: next === 'icmp' ? undefined : ports || '0' })}
        allowDeselect={false}
      />
      <TextInput
        aria-label={WORDS.ports(nr)}
        value={isIcmp ? '' : ports}
        disabled={isIcmp}
        placeholder={isIcmp ? WORDS.noPorts : WORDS.portsExample}
        error={portsProblem}
        onChange={(event) => change({ ports: event.currentTarget.value.trim() })}
        autoComplete="off"
      />
      <TagsInput
        aria-label={WORDS.addresses(nr, side)}
        data={ANYWHERE}
        value={addresses.map(String)}
        onChange={(next) => change({ [side]: { ...others, addresses: next } })}
        placeholder={addresses.length === 0 ? WORDS.addressExample : undefined}
        error={wrong.length > 0 ? WORDS.wrongAddress(wrong.join(', ')) : noPeer}
        description={named.length > 0 ? named.map(([of, list]) => WORDS.others(of, list.map(String))).join(' · ') : undefined}
        inputWrapperOrder={['input', 'error', 'description']}
        acceptValueOnBlur
        splitChars={[',', ' ', ';']}
      />
      <button type="button" className="iconbtn" aria-label={WORDS.remove(nr)} onClick={remove}>
        <IconX size={16} stroke={1.75} aria-hidden />
      </button>
    </div>
  );
}
