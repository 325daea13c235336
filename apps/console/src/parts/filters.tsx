import { Menu, Popover, Select, TextInput } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { anyFilters, type Filters } from '../shell/search';
import { calendarDay, exactTime, localTime } from './format';
import { IconFilter, IconX } from './icons';
import { EmptyState } from './states';
import { ViewMenu } from './view-menu';

export interface FilterSpec {
  /** The parameter of the API and of the address. */
  readonly name: string;
  readonly label: string;
  /** Values to choose from; free text without. */
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  /** A day, chosen from a calendar. */
  readonly isDay?: boolean;
  /** A day with its time, in the viewer's zone. The address has it in UTC. `past`: no later than now. */
  readonly isTime?: true | 'past';
  /** A link sets it: its value is no text that a person types. */
  readonly isLinkOnly?: boolean;
  /** The value in the chip. */
  readonly display?: (value: string) => string;
}

const TEXTS = {
  add: 'Filter',
  remove: (label: string) => `Remove filter ${label}`,
  change: (label: string, value: string) => `${value}: change filter ${label}`,
  apply: 'Apply',
  clear: 'Clear all',
  none: { title: 'Nothing matches the filters', hint: 'Change or remove one of them, or show the whole list.' },
  clearFilters: 'Clear the filters',
  noTime: 'is a day with its time',
  future: 'is in the future',
};

/** The filters of this address, and the way to change them. A change replaces the address, so "back" leaves the list. */
export function useFilters(): { filters: Filters; change: (next: Filters) => void } {
  const filters = anyFilters(useSearch({ strict: false }));
  const navigate = useNavigate();
  const change = useCallback(
    (next: Filters) => void navigate({ to: '.', search: (now: Filters) => ({ ...now, ...next }), replace: true } as never),
    [navigate],
  );
  return { filters, change };
}

/** A list without rows: its own words only where the whole list is empty, and otherwise that its filters leave nothing. */
export function EmptyList({
  specs,
  children,
}: {
  readonly specs: readonly Pick<FilterSpec, 'name'>[];
  readonly children: React.ReactNode;
}) {
  const { filters, change } = useFilters();
  const set = specs.filter(({ name }) => filters[name]);
  if (set.length === 0) return <>{children}</>;
  const clear = () => change(Object.fromEntries(set.map(({ name }) => [name, undefined])));
  return (
    <EmptyState
      {...TEXTS.none}
      action={
        <button type="button" className="btn" onClick={clear}>
          {TEXTS.clearFilters}
        </button>
      }
    />
  );
}

/** One chip for each filter that is set, and a menu of those that are not. */
export function FilterChips({ specs, right }: { readonly specs: readonly FilterSpec[]; readonly right?: React.ReactNode }) {
  const { filters, change } = useFilters();
  const [open, setOpen] = useState<string | null>(null);
  const set = specs.filter(({ name }) => filters[name]);
  const rest = specs.filter(({ name, isLinkOnly }) => !filters[name] && !isLinkOnly);
  const editing = specs.find(({ name }) => name === open);
  return (
    <div className="bar">
      <div className="chips">
        {set.map((spec) => (
          <Chip key={spec.name} spec={spec} value={filters[spec.name] ?? ''} change={change} edit={() => setOpen(spec.name)} />
        ))}
        <Popover
          opened={editing !== undefined}
          onChange={(isOpen) => !isOpen && setOpen(null)}
          position="bottom-start"
          trapFocus
          withRoles={false}
          width={280}
        >
          <Popover.Target>
            <span style={{ display: 'inline-flex' }}>
              <FilterMenu rest={rest} choose={setOpen} />
            </span>
          </Popover.Target>
          <Popover.Dropdown>
            {editing && (
              <FilterEditor
                key={editing.name}
                spec={editing}
                value={filters[editing.name] ?? ''}
                done={(value) => {
                  if (value !== null) change({ [editing.name]: value || undefined });
                  setOpen(null);
                }}
              />
            )}
          </Popover.Dropdown>
        </Popover>
        <ViewMenu filters={filters} />
        {set.length > 1 && (
          <button
            type="button"
            className="btn quiet sml"
            onClick={() => change(Object.fromEntries(set.map(({ name }) => [name, undefined])))}
          >
            {TEXTS.clear}
          </button>
        )}
      </div>
      {right && (
        <div className="asof hide-m" style={{ marginLeft: 'auto' }}>
          {right}
        </div>
      )}
    </div>
  );
}

interface ChipProps {
  readonly spec: FilterSpec;
  readonly value: string;
  readonly change: (next: Filters) => void;
  readonly edit: () => void;
}

function Chip({ spec, value, change, edit }: ChipProps) {
  const text =
    spec.display?.(value) ??
    (spec.isDay ? dayValue(value) : undefined) ??
    (spec.isTime ? timeValue(value) : undefined) ??
    spec.options?.find((option) => option.value === value)?.label ??
    value;
  return (
    <span className="chip">
      <span>{spec.label}</span>
      <button type="button" className="chip-value" aria-label={TEXTS.change(spec.label, text)} onClick={edit}>
        <b>{text}</b>
      </button>
      <button type="button" className="x" aria-label={TEXTS.remove(spec.label)} onClick={() => change({ [spec.name]: undefined })}>
        <IconX size={14} stroke={1.75} aria-hidden />
      </button>
    </span>
  );
}

const dayValue = (value: string): string | undefined => (/^\d{4}-\d\d-\d\d$/.test(value) ? calendarDay(value) : undefined);

const timeValue = (value: string): string | undefined => (Number.isNaN(Date.parse(value)) ? undefined : exactTime(value));

function FilterMenu({ rest, choose }: { readonly rest: readonly FilterSpec[]; readonly choose: (name: string) => void }) {
  return (
    <Menu position="bottom-start" width={200} returnFocus={false}>
      <Menu.Target>
        <button type="button" className="chip add">
          <IconFilter size={14} stroke={1.75} aria-hidden />
          {TEXTS.add}
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {rest.map(({ name, label }) => (
          <Menu.Item key={name} onClick={() => choose(name)}>
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function FilterEditor({
  spec,
  value,
  done,
}: {
  readonly spec: FilterSpec;
  readonly value: string;
  readonly done: (value: string | null) => void;
}) {
  const [text, setText] = useState(value);
  if (spec.options) {
    return (
      <Select
        label={spec.label}
        data={[...spec.options]}
        value={value || null}
        onChange={done}
        searchable
        allowDeselect={false}
        comboboxProps={{ withinPortal: false }}
        data-autofocus
      />
    );
  }
  if (spec.isTime) return <TimeForm label={spec.label} value={value} isPast={spec.isTime === 'past'} done={done} />;
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        done(text.trim());
      }}
    >
      <TextInput
        type={spec.isDay ? 'date' : 'text'}
        label={spec.label}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        data-autofocus
      />
      <button type="submit" className="btn pri">
        {TEXTS.apply}
      </button>
    </form>
  );
}

interface TimeFormProps {
  readonly label: string;
  /** As the address has it; empty for none. */
  readonly value: string;
  readonly isPast?: boolean;
  readonly button?: string;
  /** Gets the time in UTC, or an empty text where the field was emptied. */
  readonly done: (value: string) => void;
}

/** A time of the viewer's zone. One that cannot be meant is refused beside the field. */
export function TimeForm({ label, value, isPast = false, button = TEXTS.apply, done }: TimeFormProps) {
  const [text, setText] = useState(() => (value === '' || Number.isNaN(Date.parse(value)) ? '' : localTime(value)));
  const [wrong, setWrong] = useState<string | null>(null);
  const submit = (field: HTMLInputElement | null) => {
    if (text === '' && !field?.validity.badInput) return done('');
    const at = new Date(text);
    if (Number.isNaN(at.getTime())) return setWrong(`${label} ${TEXTS.noTime}`);
    if (isPast && at.getTime() > Date.now()) return setWrong(`${label} ${TEXTS.future}`);
    done(at.toISOString());
  };
  return (
    <form
      className="form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit(event.currentTarget.querySelector('input'));
      }}
    >
      <TextInput
        type="datetime-local"
        label={label}
        value={text}
        error={wrong}
        max={isPast ? localTime(Date.now()) : undefined}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setWrong(null);
        }}
        data-autofocus
      />
      <button type="submit" className="btn pri">
        {button}
      </button>
    </form>
  );
}
