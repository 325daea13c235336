import { useMemo, useState } from 'react';
import type { Session } from '../client/client';
import { ProblemCode } from '../parts/states';
import { Brand } from './sign-in';
import { TEXTS } from './texts';

/** The token that another site has posted to this address, which the server put into the page. It is used only when the person says so. */
export function takeOffer(): string | null {
  const token = document.querySelector<HTMLMetaElement>('meta[name="arcadia-offer"]')?.content ?? '';
  if (token === '') return null;
  history.replaceState(null, '', '/console/');
  return token;
}

interface OfferProps {
  readonly token: string;
  readonly current: Session | null;
  readonly begin: (token: string) => Promise<void>;
  readonly close: () => void;
}

/** Asks before a token of another site replaces the session, so that no site signs a person into an account that is not theirs. */
export function Offer({ token, current, begin, close }: OfferProps) {
  const who = useMemo(() => describedBy(token), [token]);
  const [refused, setRefused] = useState<Error | null>(null);
  const accept = () => begin(token).then(close, (error: unknown) => setRefused(error instanceof Error ? error : new Error(String(error))));
  return (
    <main className="sign">
      <section className="card pad form">
        <Brand />
        <h1 style={{ fontSize: 20, lineHeight: '26px', fontWeight: 650 }}>{TEXTS.offer.title}</h1>
        <p>{TEXTS.offer.as(who.sub, who.tenant)}</p>
        {current && <p className="mid">{TEXTS.offer.before(current.sub)}</p>}
        {refused && (
          <div role="alert">
            <p className="st bad">{TEXTS.offer.refused}</p>
            <ProblemCode error={refused} />
          </div>
        )}
        <div className="go">
          <button type="button" className="btn pri" onClick={() => void accept()}>
            {TEXTS.offer.yes(who.sub)}
          </button>
          <button type="button" className="btn" onClick={close}>
            {TEXTS.offer.no}
          </button>
        </div>
      </section>
    </main>
  );
}

/** The claims of a token, for the question only: the server verifies the token. */
function describedBy(token: string): { readonly sub: string; readonly tenant: string | null } {
  try {
    const part = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(part), (sign) => sign.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: string; tenant_id?: string; roles?: string[] };
    const isAdmin = claims.roles?.includes('platform_admin') ?? false;
    return { sub: claims.sub ?? '?', tenant: isAdmin ? null : (claims.tenant_id ?? '?') };
  } catch {
    return { sub: '?', tenant: '?' };
  }
}
