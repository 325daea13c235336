import { Money } from '#libs/kernel';
import { roundTogether } from '../documents/document-sealer';

export interface ExactLine {
  /** The value before it is rounded. */
  readonly exact: Money;
  /** Lines of one tax group are rounded together. */
  readonly group: string;
}

/** The nets of the lines of a document, in their order: those of each tax group are rounded together. Pure. */
export function roundLines(lines: readonly ExactLine[], decimals: number, currency: string): Money[] {
  const groups = new Map<string, number[]>();
  for (const [at, { group }] of lines.entries()) {
    const members = groups.get(group);
    if (members) members.push(at);
    else groups.set(group, [at]);
  }
  const nets = new Map<number, Money>();
  for (const members of groups.values()) {
    const exacts = members.flatMap((at) => lines[at]?.exact ?? []);
    const { parts } = roundTogether(exacts, decimals, currency);
    for (const [nth, at] of members.entries()) nets.set(at, Money.parse(parts[nth]?.value ?? '0', currency));
  }
  return lines.map((_line, at) => nets.get(at) ?? Money.parse('0', currency));
}
