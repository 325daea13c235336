import { useState } from 'react';
import { Note } from './states';

const TEXTS = {
  title: 'Somebody else has changed this.',
  text: 'What you typed is kept. To see the stored values, drop yours.',
  take: 'Drop mine',
};

/** The record of a form, and what happens to the form. */
export interface Kept<T> {
  /** The record that the form has: the latest one, or the one from before it was typed in. */
  readonly record: T;
  /** Somebody else has changed the record since it was typed in. */
  readonly isOutdated: boolean;
  readonly isSaved: boolean;
  /** Something was typed and is not saved. */
  readonly isEdited: boolean;
  /** Something was typed. */
  readonly edit: () => void;
  /** Drops what was typed, and takes the latest record. */
  readonly take: () => void;
  /** What was typed is saved. */
  readonly saved: () => void;
}

/**
 * Keeps the record of a form while the query behind it is read again, so that nothing that was typed is lost. `contentOf` is what the form
 * changes: of two records with the same content the later one is taken at any time. The content is also the key of the form.
 */
export function useKept<T>(latest: T, contentOf: (record: T) => string): Kept<T> {
  const [kept, setKept] = useState(latest);
  const [state, setState] = useState<'untouched' | 'edited' | 'saved'>('untouched');
  const isSame = contentOf(kept) === contentOf(latest);
  const isFollowing = isSame || state !== 'edited';
  if (isFollowing && kept !== latest) setKept(latest);
  return {
    record: isFollowing ? latest : kept,
    isOutdated: !isFollowing,
    isSaved: state === 'saved',
    isEdited: state === 'edited',
    edit: () => setState('edited'),
    take: () => setState('untouched'),
    saved: () => setState('saved'),
  };
}

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
