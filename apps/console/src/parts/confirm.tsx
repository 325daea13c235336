import { Textarea, TextInput } from '@mantine/core';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { Dialog } from './dialog';
import { RefusedNote } from './states';

const TEXTS = {
  cancel: 'Cancel',
  reason: 'Reason',
  reasonHelp: 'It goes into the audit log.',
  type: (word: string) => `Type ${word} to confirm`,
};

interface ConfirmProps {
  readonly title: string;
  readonly children: React.ReactNode;
  readonly button: string;
  readonly danger?: boolean;
  /** For a form with several columns. */
  readonly wide?: boolean;
  /** What must be typed before the button works: the exact name, or the count. */
  readonly typed?: string;
  /** `required`: five characters or more. */
  readonly reason?: 'optional' | 'required';
  /** False while what is confirmed is not known, or refused. */
  readonly ready?: boolean;
  readonly confirm: (reason: string | undefined) => Promise<unknown>;
  /** Notes why it was refused, for the fields of the form (`useFields`). The first of them that is wrong gets the focus. */
  readonly refuse?: (error: Error | null) => void;
  readonly close: () => void;
}

/** In characters. */
export const SHORTEST_REASON = 5;

/** Asks before a change. A dangerous one needs its name typed and a reason, and `Enter` does not confirm it. */
export function Confirm({
  title,
  children,
  button,
  danger = false,
  wide = false,
  typed,
  reason,
  ready = true,
  confirm,
  refuse,
  close,
}: ConfirmProps) {
  const [why, setWhy] = useState('');
  const [word, setWord] = useState('');
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Error | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const isReady = ready && (typed === undefined || word === typed) && (reason !== 'required' || why.trim().length >= SHORTEST_REASON);

  const act = async () => {
    setBusy(true);
    try {
      await confirm(why.trim() || undefined);
      close();
    } catch (error) {
      const problem = error instanceof Error ? error : new Error(String(error));
      setRefused(problem);
      refuse?.(problem);
      setBusy(false);
    }
  };
  useEffect(() => {
    if (refused) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refused]);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (isReady && !danger) void act();
  };

  return (
    <Dialog title={title} {...(wide && { width: 660 })} close={close}>
      <form ref={form} className="form" onSubmit={submit}>
        <div>{children}</div>
        {typed !== undefined && (
          <TextInput label={TEXTS.type(typed)} value={word} onChange={(event) => setWord(event.currentTarget.value)} autoComplete="off" />
        )}
        {reason && (
          <Textarea
            label={TEXTS.reason}
            description={TEXTS.reasonHelp}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            required={reason === 'required'}
            value={why}
            onChange={(event) => setWhy(event.currentTarget.value)}
            rows={2}
            maxLength={500}
          />
        )}
        {refused && <RefusedNote error={refused} withFields />}
        <div className="go">
          <button type="button" className="btn" onClick={close} data-autofocus={danger || undefined}>
            {TEXTS.cancel}
          </button>
          <button
            type={danger ? 'button' : 'submit'}
            className={danger ? 'btn bad' : 'btn pri'}
            disabled={!isReady || busy}
            onClick={danger ? () => void act() : undefined}
          >
            {button}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
