import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { Dialog } from '../../parts/dialog';
import { Note } from '../../parts/states';
import { TEXTS } from './texts';

/** Shows a secret once. It closes by its button only, not by a click beside it or by `Escape`. */
export function SecretDialog({ secret, close }: { readonly secret: string; readonly close: () => void }) {
  const [isCopied, setCopied] = useState(false);
  const texts = TEXTS.secret;
  return (
    <Dialog title={texts.title}>
      <div className="form">
        <Note tone="warn">{texts.text}</Note>
        <div className="secret">
          <TextInput
            label={texts.field}
            value={secret}
            readOnly
            classNames={{ input: 'mono' }}
            onFocus={(event) => event.currentTarget.select()}
            data-autofocus
          />
          <button type="button" className="btn" onClick={() => void navigator.clipboard.writeText(secret).then(() => setCopied(true))}>
            {isCopied ? texts.copied : texts.copy}
          </button>
        </div>
        <div className="go">
          <button type="button" className="btn pri" onClick={close}>
            {texts.kept}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
