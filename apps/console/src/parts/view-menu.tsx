import { Menu, Popover, TextInput } from '@mantine/core';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { deleteView, sameFilters, saveView, useSavedViews } from '../shell/saved-views';
import type { Filters } from '../shell/search';
import { IconBookmark, IconCircleCheck, IconTrash } from './icons';

const TEXTS = {
  button: 'Views',
  save: 'Save this view…',
  none: 'No saved views of this page yet',
  name: 'Name of the view',
  done: 'Save',
  remove: (name: string) => `Delete the view ${name}`,
};

/** The saved views of this page: choose, save, delete. */
export function ViewMenu({ filters }: { readonly filters: Filters }) {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const [naming, setNaming] = useState(false);
  const views = useSavedViews().filter(({ path }) => path === pathname);
  const current = views.find(({ search }) => sameFilters(search, filters));
  const open = (search: Filters) => void navigate({ to: '.', search: () => search, replace: true } as never);
  const save = (name: string) => {
    if (name !== '') saveView({ path: pathname, name, search: filters });
    setNaming(false);
  };
  return (
    <Popover opened={naming} onChange={setNaming} position="bottom-start" trapFocus withRoles={false} width={260}>
      <Popover.Target>
        <span style={{ display: 'inline-flex' }}>
          <Menu position="bottom-start" width={240} returnFocus={false}>
            <Menu.Target>
              <button type="button" className="chip add">
                <IconBookmark size={14} stroke={1.75} aria-hidden />
                {current?.name ?? TEXTS.button}
              </button>
            </Menu.Target>
            <Menu.Dropdown>
              {views.length === 0 && <Menu.Label>{TEXTS.none}</Menu.Label>}
              {views.map((view) => (
                <Menu.Item
                  key={view.name}
                  onClick={() => open(view.search)}
                  rightSection={view === current && <IconCircleCheck size={14} stroke={1.75} aria-hidden />}
                >
                  {view.name}
                </Menu.Item>
              ))}
              <Menu.Divider />
              <Menu.Item onClick={() => setNaming(true)}>{TEXTS.save}</Menu.Item>
              {current && (
                <Menu.Item leftSection={<IconTrash size={14} stroke={1.75} aria-hidden />} onClick={() => deleteView(current)}>
                  {TEXTS.remove(current.name)}
                </Menu.Item>
              )}
            </Menu.Dropdown>
          </Menu>
        </span>
      </Popover.Target>
      <Popover.Dropdown>{naming && <NameForm save={save} />}</Popover.Dropdown>
    </Popover>
  );
}

function NameForm({ save }: { readonly save: (name: string) => void }) {
  const [name, setName] = useState('');
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        save(name.trim());
      }}
    >
      <TextInput label={TEXTS.name} value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={40} data-autofocus />
      <button type="submit" className="btn pri" disabled={name.trim() === ''}>
        {TEXTS.done}
      </button>
    </form>
  );
}
