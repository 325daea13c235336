import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, use, useCallback, useMemo, useState, type ReactNode } from 'react';
import { Problem, beginSession, endSession, readSession, type Session } from '../client/client';
import { Offer, takeOffer } from './offer';
import { SignIn } from './sign-in';

interface SessionState {
  readonly session: Session;
  readonly isAdmin: boolean;
  readonly isProduction: boolean;
  readonly signOut: () => void;
}

const SessionContext = createContext<SessionState | null>(null);

/** Who is signed in. Every screen is below a session. */
export function useSession(): SessionState {
  const state = use(SessionContext);
  if (!state) throw new Error('there is no session above this component');
  return state;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);
const offered = takeOffer();
const fragment = takeFragment();

/** The token of `…/console#token=…`, as `npm start` prints it. The address loses it at once, whatever becomes of it. */
function takeFragment(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token;
}

/** Reads the session. A token in the address counts on this machine's own address and outside production only. */
async function openSession() {
  const found = await readSession();
  if (fragment === null || found.production || !LOOPBACK.has(location.hostname)) return found;
  try {
    return await beginSession(fragment);
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return found;
    throw error;
  }
}

export function SessionGate({ children }: { readonly children: ReactNode }) {
  const client = useQueryClient();
  const opened = useQuery({ queryKey: ['session'], queryFn: openSession, staleTime: Infinity, gcTime: Infinity, retry: 3 });
  const ended = useQuery({ queryKey: ['session-ended'], queryFn: () => false, enabled: false, initialData: false });
  const [offer, setOffer] = useState(offered);
  const session = opened.data?.data ?? null;
  const isProduction = opened.data?.production ?? true;

  const begin = useCallback(
    async (token: string) => {
      const next = await beginSession(token);
      const same = session !== null && next.data?.sub === session.sub && next.data.tenant_id === session.tenant_id;
      client.setQueryData(['session'], next);
      client.setQueryData(['session-ended'], false);
      if (same) await client.invalidateQueries({ predicate: ({ queryKey }) => !String(queryKey[0]).startsWith('session') });
      else client.removeQueries({ predicate: ({ queryKey }) => !String(queryKey[0]).startsWith('session') });
    },
    [client, session],
  );

  const signOut = useCallback(() => {
    void endSession().finally(() => location.assign('/console/'));
  }, []);

  const state = useMemo(
    () => (session ? { session, isAdmin: session.role === 'platform_admin', isProduction, signOut } : null),
    [session, isProduction, signOut],
  );

  if (offer) return <Offer token={offer} current={session} begin={begin} close={() => setOffer(null)} />;
  if (opened.isPending) return null;
  if (!state) return <SignIn begin={begin} failure={opened.error} />;
  return (
    <SessionContext value={state}>
      {children}
      {ended.data && <SignIn begin={begin} failure={null} over />}
    </SessionContext>
  );
}
