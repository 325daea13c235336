import { Textarea } from '@mantine/core';
import { useState } from 'react';
import { Confirm } from '../../parts/confirm';
import { words } from '../../parts/format';
import { Note } from '../../parts/states';
import { JsonText } from './saga-cards';
import type { DialogProps } from './saga-actions';
import { TEXTS } from './texts';

/** An object in JSON; undefined for nothing, null for what is neither. Pure. */
function objectOf(text: string): Record<string, unknown> | null | undefined {
  if (text.trim() === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/**
 * Skips the current step, or proposes its output. Both take the output of the step: a skipped one only where later steps use it. What the step
 * meant to do is shown beside it, because that names what to look for at the provider.
 */
export function OutputDialog({ verb, saga, timeline, perform, close }: DialogProps & { readonly verb: 'skip' | 'complete-with-output' }) {
  const [text, setText] = useState('');
  const step = timeline?.steps[saga.current_step_idx];
  const output = objectOf(text);
  const isNeeded = verb === 'complete-with-output';
  const texts = TEXTS.output[verb];
  const wrong = output === null ? TEXTS.output.noObject : undefined;
  return (
    <Confirm
      title={texts.title(step ? words(step.name) : '')}
      button={texts.button}
      reason="required"
      ready={output !== null && (!isNeeded || output !== undefined)}
      confirm={(reason) => perform(verb, { reason, ...(output && { output }) })}
      close={close}
    >
      <div className="form">
        <p>{texts.text}</p>
        {isNeeded && <Note tone="wait">{TEXTS.output.second}</Note>}
        {step?.intent && (
          <div>
            <p className="dim sm">{TEXTS.output.meant}</p>
            <JsonText value={step.intent} />
          </div>
        )}
        <Textarea
          label={isNeeded ? TEXTS.output.label : TEXTS.output.optional}
          description={TEXTS.output.help}
          inputWrapperOrder={['label', 'input', 'error', 'description']}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={wrong}
          rows={3}
          spellCheck={false}
          classNames={{ input: 'mono' }}
          data-autofocus
        />
      </div>
    </Confirm>
  );
}
