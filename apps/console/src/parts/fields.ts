import { useState, type ChangeEvent } from 'react';
import { Problem } from '../client/client';

interface Field {
  readonly value: string;
  readonly error: string | undefined;
  readonly onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => void;
}

/** The texts of a form, what its inputs need, and the refusal of the API beside the field that it names. */
export function useFields<Name extends string>(start: Readonly<Record<Name, string>>, refused: Error | null = null) {
  const [values, setValues] = useState(start);
  const set = (name: Name, value: string) => setValues((now) => ({ ...now, [name]: value }));
  const errors = fieldErrors(refused);
  const names = Object.keys(start) as Name[];
  const field = (name: Name): Field => ({
    value: values[name],
    error: errors.get(name),
    onChange: (event) => set(name, event.currentTarget.value),
  });
  const fields = Object.fromEntries(names.map((name) => [name, field(name)])) as Record<Name, Field>;
  return { fields, values, set, isFilled: names.every((name) => values[name].trim() !== '') };
}

/** The words of a refusal about each field, by its path such as `rates.0.model.percent`. */
export function fieldErrors(refused: Error | null): ReadonlyMap<string, string> {
  return new Map(refused instanceof Problem ? refused.errors.map(({ field, message }) => [field, message]) : []);
}

/** Only what was filled in. */
export const filledIn = <T extends Readonly<Record<string, string>>>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value.trim() === '' ? [] : [[name, value.trim()]]))) as Partial<T>;
