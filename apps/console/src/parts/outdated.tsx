import { Note } from './states';

const TEXTS = {
  title: 'Somebody else has changed this.',
  text: 'What you typed is kept. To see the stored values, drop yours.',
  take: 'Drop mine',
};

/** Above a form with values that are not saved, while others are stored. */
export function OutdatedNote({ take }: { readonly take: () => void }) {
  return (
    <Note tone="warn" title={TEXTS.title}>
      {TEXTS.text}{' '}
      <button type="button" className="btn sml" onClick={take}>
        {TEXTS.take}
      </button>
    </Note>
  );
}
