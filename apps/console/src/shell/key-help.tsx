import { Fragment } from 'react';
import { Dialog } from '../parts/dialog';
import type { PlaceGroup } from './navigation';
import { TEXTS } from './texts';

type KeyLine = readonly [string, readonly string[], string?];

const { keys } = TEXTS;
const EVERYWHERE: readonly KeyLine[] = [
  [keys.search, ['/', 'Ctrl K'], keys.or],
  [keys.order, ['n']],
  [keys.filter, ['f']],
  [keys.again, ['r']],
  [keys.help, ['?']],
];
const LISTS: readonly KeyLine[] = [
  [keys.move, ['j', 'k'], keys.or],
  [keys.page, ['PgDn', 'PgUp'], keys.or],
  [keys.open, ['Enter']],
  [keys.select, ['x']],
  [keys.range, ['Shift x']],
  [keys.clear, ['Esc']],
];

const RECORDS: readonly KeyLine[] = [
  [keys.neighbours, ['[', ']'], keys.or],
  [keys.accept, ['a']],
  [keys.plan, ['p']],
  [keys.actions, ['.']],
];

/** Every key of the console. */
export function KeyHelp({ groups, close }: { readonly groups: readonly PlaceGroup[]; readonly close: () => void }) {
  const places = groups
    .flatMap((group) => group.places)
    .flatMap(({ text, key }): KeyLine[] => (key ? [[text, ['g', key], keys.after]] : []));
  return (
    <Dialog title={keys.title} width={680} close={close}>
      <div className="key-help">
        <KeyList title={keys.places} lines={places} />
        <div className="grid">
          <KeyList title={keys.everywhere} lines={EVERYWHERE} />
          <KeyList title={keys.lists} lines={LISTS} />
          <KeyList title={keys.records} lines={RECORDS} />
        </div>
      </div>
    </Dialog>
  );
}

function KeyList({ title, lines }: { readonly title: string; readonly lines: readonly KeyLine[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {lines.map(([text, pressed, between = '']) => (
          <div key={text}>
            <dt>{text}</dt>
            <dd>
              {pressed.map((key, index) => (
                <Fragment key={key}>
                  {index > 0 && <span className="dim"> {between} </span>}
                  <kbd>{key}</kbd>
                </Fragment>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
