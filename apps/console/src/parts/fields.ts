import { useState, type ChangeEvent } from 'react';
import { Problem } from '../client/client';

interface Field {
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => void;
}

interface Places<Name extends string> {
  /** What is before the name in the words of a refusal, such as `add.` for `add.quantity`. */
  readonly at?: string;
  /** The field that a refusal without fields is about, by its code. */
  readonly codes?: Readonly<Record<string, Name>>;
}

/**
 * The texts of a form, what its inputs need, and the refusal of the API beside the field that it names: the one that is given, or the one that
 * `refuse` was called with. The words of a refusal beside a field go once the field is changed.
 */
export function useFields<Name extends string>(
  start: Readonly<Record<Name, string>>,
  given: Error | null = null,
  { at = '', codes = {} }: Places<NoInfer<Name>> = {},
) {
  const [values, setValues] = useState(start);
  const [noted, setNoted] = useState<Error | null>(null);
  const [changed, setChanged] = useState<{ readonly since: Error | null; readonly names: readonly Name[] }>({ since: null, names: [] });
  const refused = given ?? noted;
  const set = (name: Name, value: string) => {
    setValues((now) => ({ ...now, [name]: value }));
    setChanged(({ since, names }) => ({ since: refused, names: since === refused ? [...names, name] : [name] }));
  };
  const errors = fieldErrors(refused);
  const mended = changed.since === refused ? changed.names : [];
  const about = refused instanceof Problem ? codes[refused.code] : undefined;
  const errorOf = (name: Name) =>
    mended.includes(name) ? undefined : (errors.get(`${at}${name}`) ?? (about === name ? refused?.message : undefined));
  const names = Object.keys(start) as Name[];
  const field = (name: Name): Field => ({
    value: values[name],
    error: errorOf(name),
    onChange: (event) => set(name, event.currentTarget.value),
  });
  const fields = Object.fromEntries(names.map((name) => [name, field(name)])) as Record<Name, Field>;
  return { fields, values, set, refuse: setNoted, isFilled: names.every((name) => values[name].trim() !== '') };
}

/** The words of a refusal about each field, by its path such as `rates.0.model.percent`. */
export function fieldErrors(refused: Error | null): ReadonlyMap<string, string> {
  return new Map(refused instanceof Problem ? refused.errors.map(({ field, message }) => [field, message]) : []);
}

/** Only what was filled in. */
export const filledIn = <T extends Readonly<Record<string, string>>>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value.trim() === '' ? [] : [[name, value.trim()]]))) as Partial<T>;
