import { Spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useState, type FocusEvent, type KeyboardEvent } from 'react';
import { answered, api } from '../client/client';
import { IconBookmark, IconSearch } from '../parts/icons';
import { KindIcon, kindName } from '../parts/kinds';
import { keysAreOff, setKeysOff } from './keys';
import type { PlaceGroup } from './navigation';
import { useSavedViews } from './saved-views';
import { setScheme, useScheme } from './scheme';
import { useSession } from './session';
import { TEXTS } from './texts';

const SHORTEST = 2;

/** The dialog around the field has no title to be named by, and takes no label. */
function nameDialog(event: FocusEvent<HTMLInputElement>): void {
  event.currentTarget.closest('[role="dialog"]')?.setAttribute('aria-label', TEXTS.search);
}

/** `Enter` without a choice opens the first action. */
function openFirst(event: KeyboardEvent<HTMLInputElement>): void {
  if (event.key !== 'Enter') return;
  const dialog = event.currentTarget.closest('[role="dialog"]');
  if (!dialog?.querySelector('[data-selected]')) dialog?.querySelector<HTMLElement>('.mantine-Spotlight-action')?.click();
}

interface PaletteProps {
  readonly groups: readonly PlaceGroup[];
  readonly showHelp: () => void;
}

/** Search and commands in one place: pages, saved views, what can be done from anywhere, and resources by name, address, id or tag. */
export function Palette({ groups, showHelp }: PaletteProps) {
  const navigate = useNavigate();
  const scheme = useScheme();
  const savedViews = useSavedViews();
  const { signOut } = useSession();
  const [query, setQuery] = useState('');
  const q = useDeferredValue(query.trim());
  const found = useQuery({
    queryKey: ['inventory', 'palette', q],
    queryFn: ({ signal }) => answered(api.GET('/api/v1/inventory', { params: { query: { q, sort: 'name', limit: 8 } }, signal })),
    enabled: q.length >= SHORTEST,
  });
  const next = scheme === 'dark' ? 'light' : 'dark';
  const matches = (text: string) => text.toLowerCase().includes(q.toLowerCase());
  const pages: SpotlightActionData[] = groups
    .flatMap(({ places }) => places)
    .filter(({ text }) => matches(text))
    .map(({ to, text, key, icon: Icon }) => ({
      id: to,
      label: text,
      description: key ? `g ${key}` : undefined,
      leftSection: <Icon size={16} stroke={1.75} aria-hidden />,
      onClick: () => void navigate({ to }),
    }));
  const views: SpotlightActionData[] = savedViews
    .filter(({ name }) => matches(name))
    .map(({ path, name, search }) => ({
      id: `view ${path} ${name}`,
      label: name,
      description: groups.flatMap(({ places }) => places).find(({ to }) => to === path)?.text,
      leftSection: <IconBookmark size={16} stroke={1.75} aria-hidden />,
      onClick: () => void navigate({ to: path, search } as never),
    }));
  const actions: SpotlightActionData[] = [
    { id: 'scheme', label: TEXTS.scheme[next], onClick: () => setScheme(next) },
    { id: 'scheme-auto', label: TEXTS.scheme.auto, onClick: () => setScheme('auto') },
    { id: 'help', label: TEXTS.keys.title, description: '?', onClick: showHelp },
    { id: 'keys', label: keysAreOff() ? TEXTS.keysOn : TEXTS.keysOff, onClick: () => setKeysOff(!keysAreOff()) },
    { id: 'sign-out', label: TEXTS.signOut, onClick: signOut },
  ].filter(({ label }) => matches(label));
  const resources: SpotlightActionData[] = (q.length >= SHORTEST ? (found.data?.data ?? []) : []).map((resource) => ({
    id: resource.id,
    label: resource.name ?? resource.provider_id,
    description: [kindName(resource.kind), resource.tenant_id, resource.region].filter(Boolean).join(' · '),
    leftSection: <KindIcon kind={resource.kind} size={16} />,
    onClick: () => void navigate({ to: '/resources/$id', params: { id: resource.id } }),
  }));
  const all: SpotlightActionGroupData[] = [
    { group: TEXTS.palette.resources, actions: resources },
    { group: TEXTS.palette.pages, actions: pages },
    { group: TEXTS.palette.views, actions: views },
    { group: TEXTS.palette.actions, actions },
  ].filter((group) => group.actions.length > 0);
  return (
    <Spotlight
      actions={all}
      query={query}
      onQueryChange={setQuery}
      filter={(_query, given) => given}
      shortcut={['mod + K', '/']}
      nothingFound={TEXTS.palette.empty}
      highlightQuery={false}
      lockScroll={false}
      scrollable
      maxHeight={420}
      overlayProps={{ blur: 0 }}
      searchProps={{
        leftSection: <IconSearch size={16} stroke={1.75} aria-hidden />,
        placeholder: TEXTS.palette.placeholder,
        'aria-label': TEXTS.search,
        onFocus: nameDialog,
        onKeyDown: openFirst,
      }}
    />
  );
}
