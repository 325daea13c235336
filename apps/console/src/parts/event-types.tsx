import { MultiSelect } from '@mantine/core';
import types from '../client/event-types.json';
import { words } from './format';

const TEXTS = { all: 'Every event', label: 'Events', help: '“Every event”, or those that matter.' };
const EVERY = '*';
/** Tenants own none of these things, so they get none of these events. */
const FOR_ADMINS = new Set(['invoice', 'kind', 'provider', 'sweep']);

export const eventText = (type: string): string => (type === EVERY ? TEXTS.all : words(type.replaceAll('.', ' ')));

/** "Every event", or the types in words. */
export const eventsText = (chosen: readonly string[]): string => chosen.map(eventText).join(', ');

interface EventTypesProps {
  readonly value: readonly string[];
  readonly onChange: (value: string[]) => void;
  readonly isAdmin: boolean;
  readonly error?: string | undefined;
}

/** Chooses types of events. "Every event" and single ones exclude each other: the last choice counts. */
export function EventTypes({ value, onChange, isAdmin, error }: EventTypesProps) {
  const groups = new Map<string, string[]>();
  for (const type of types) {
    const subject = type.split('.')[0] ?? '';
    if (isAdmin || !FOR_ADMINS.has(subject)) groups.set(subject, [...(groups.get(subject) ?? []), type]);
  }
  const data = [
    { group: TEXTS.all, items: [{ value: EVERY, label: TEXTS.all }] },
    ...[...groups].map(([subject, items]) => ({
      group: words(subject),
      items: items.map((type) => ({ value: type, label: eventText(type) })),
    })),
  ];
  const choose = (next: string[]) => onChange(next.at(-1) === EVERY ? [EVERY] : next.filter((type) => type !== EVERY));
  return (
    <MultiSelect
      label={TEXTS.label}
      description={TEXTS.help}
      inputWrapperOrder={['label', 'input', 'error', 'description']}
      data={data}
      value={[...value]}
      onChange={choose}
      error={error}
      searchable
      hidePickedOptions
      maxDropdownHeight={260}
      nothingFoundMessage="Nothing found"
    />
  );
}
