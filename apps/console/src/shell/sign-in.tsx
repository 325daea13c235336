import { PasswordInput } from '@mantine/core';
import { useState, type SubmitEvent } from 'react';
import { Dialog } from '../parts/dialog';
import { ProblemCode } from '../parts/states';
import { TEXTS } from './texts';

interface SignInProps {
  readonly begin: (token: string) => Promise<void>;
  readonly failure: Error | null;
  /** Over a page after the end of its session: the page stays behind it. */
  readonly over?: boolean;
}

export function SignIn({ begin, failure, over = false }: SignInProps) {
  if (!over) {
    return (
      <main className="sign">
        <section className="card pad">
          <Brand />
          <h1 style={{ fontSize: 20, lineHeight: '26px', fontWeight: 650, margin: '12px 0 6px' }}>{TEXTS.signIn.title}</h1>
          <TokenForm begin={begin} failure={failure} button={TEXTS.signIn.button} why={TEXTS.signIn.why} />
        </section>
      </main>
    );
  }
  return (
    <Dialog title={TEXTS.signIn.again}>
      <TokenForm begin={begin} failure={failure} button={TEXTS.signIn.again} why={TEXTS.signIn.ended} />
    </Dialog>
  );
}

function TokenForm({ begin, failure, button, why }: SignInProps & { readonly button: string; readonly why: string }) {
  const [token, setToken] = useState('');
  const [refused, setRefused] = useState<Error | null>(null);
  const [busy, setBusy] = useState(false);
  const problem = refused ?? failure;

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await begin(token.trim());
    } catch (error) {
      setRefused(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };

  return (
    <form onSubmit={(event) => void submit(event)}>
      <p className="mid">{why}</p>
      <PasswordInput
        label={TEXTS.signIn.token}
        value={token}
        onChange={(event) => setToken(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        error={problem?.message}
        description={TEXTS.signIn.howto}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
      />
      {problem && <ProblemCode error={problem} />}
      <button type="submit" className="btn pri" disabled={busy || token.trim() === ''}>
        {button}
      </button>
    </form>
  );
}

/** The sign and name of the product. */
export function Brand() {
  return (
    <span className="brand" style={{ padding: 0, height: 32 }}>
      <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" aria-hidden="true">
        <path d="M2.5 17.5V10a7.5 7.5 0 0 1 15 0v7.5" />
        <path d="M7 17.5V10a3 3 0 0 1 6 0v7.5" stroke="var(--accent)" />
      </svg>
      {TEXTS.product}
    </span>
  );
}
