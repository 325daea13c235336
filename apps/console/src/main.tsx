import './styles/tokens.css';
import './styles/mantine.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/controls.css';
import './styles/status.css';
import './styles/surfaces.css';
import './styles/table.css';
import './styles/phone.css';
import './styles/lists.css';
import './styles/states.css';
import './styles/narrow.css';
import { createTheme, Input, MantineProvider, Menu } from '@mantine/core';
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Problem } from './client/client';
import { createConsoleRouter } from './shell/router';
import { applyScheme, useScheme } from './shell/scheme';
import { SessionGate } from './shell/session';

const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 7,
  cursorType: 'pointer',
  respectReducedMotion: true,
  // The placeholder is an element without a role in a menu, which may contain items only. The first item has the focus instead.
  components: {
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    // Help stands below the control, so that the controls of a row are in one line.
    InputWrapper: Input.Wrapper.extend({ defaultProps: { inputWrapperOrder: ['label', 'input', 'description', 'error'] } }),
  },
});

/** A refusal stays a refusal; an outage ends by itself. */
const isOutage = (error: unknown) => !(error instanceof Problem) || error.status === 0 || error.status >= 500;

function noteSessionEnd(error: unknown): void {
  if (error instanceof Problem && error.status === 401) client.setQueryData(['session-ended'], true);
}

const client = new QueryClient({
  queryCache: new QueryCache({ onError: noteSessionEnd }),
  mutationCache: new MutationCache({ onError: noteSessionEnd }),
  defaultOptions: {
    queries: { staleTime: 5_000, retry: (failures, error) => isOutage(error) && failures < 2, networkMode: 'always' },
    mutations: { networkMode: 'always' },
  },
});
const router = createConsoleRouter();

function Console() {
  const scheme = useScheme();
  return (
    <MantineProvider theme={theme} forceColorScheme={scheme} withCssVariables={false} withGlobalClasses={false}>
      <QueryClientProvider client={client}>
        <SessionGate>
          <RouterProvider router={router} />
        </SessionGate>
      </QueryClientProvider>
    </MantineProvider>
  );
}

applyScheme();
const root = document.querySelector('#console');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Console />
    </StrictMode>,
  );
}
