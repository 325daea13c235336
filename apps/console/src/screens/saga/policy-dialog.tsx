import { NumberInput } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '../../parts/confirm';
import type { DialogProps } from './saga-actions';
import { TEXTS } from './texts';

/** The limits with the number of the API that one unit on the page is, and what the API takes. */
const FIELDS = [
  { name: 'tries', unit: 1, min: 1, max: 1_000 },
  { name: 'backoff_ms', unit: 1_000, min: 1, max: 86_400 },
  { name: 'max_backoff_ms', unit: 1_000, min: 1, max: 86_400 },
  { name: 'time_limit_ms', unit: 1_000, min: 1, max: 3_600 },
  { name: 'wait_limit_ms', unit: 60_000, min: 1, max: 43_200 },
] as const;
type Name = (typeof FIELDS)[number]['name'];

/** Sets tries, pauses and limits of one saga. An empty field changes nothing. */
export function PolicyDialog({ saga, perform, close }: DialogProps) {
  const [values, setValues] = useState<Partial<Record<Name, number>>>({});
  const { policy } = TEXTS;
  const given = FIELDS.flatMap(({ name, unit }) => {
    const value = values[name];
    return value === undefined ? [] : [[name, value * unit] as const];
  });
  return (
    <Confirm
      title={policy.title}
      button={policy.button}
      reason="required"
      ready={given.length > 0}
      confirm={(reason) => perform('set-policy', { reason, ...Object.fromEntries(given) })}
      close={close}
    >
      <div className="form">
        <p>{policy.text}</p>
        <div className="policy">
          {FIELDS.map(({ name, unit, min, max }) => {
            const now = saga.policy?.[name] ?? null;
            return (
              <NumberInput
                key={name}
                label={policy.fields[name]}
                description={now === null ? policy.asDeclared : policy.now(now / unit)}
                inputWrapperOrder={['label', 'input', 'description', 'error']}
                value={values[name] ?? ''}
                onChange={(value) => setValues((all) => ({ ...all, [name]: typeof value === 'number' ? value : undefined }))}
                min={min}
                max={max}
                clampBehavior="blur"
                allowDecimal={false}
                allowNegative={false}
                hideControls
              />
            );
          })}
        </div>
      </div>
    </Confirm>
  );
}
