import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ChangeEvent } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { RefusedNote } from '../../parts/states';
import { TEXTS } from './texts';

const { logo: WORDS } = TEXTS;

/** The file in base64, without the `data:image/png;base64,` that a browser puts before it. */
const base64Of = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(typeof reader.result === 'string' ? reader.result.replace(/^[^,]*,/, '') : ''));
    reader.addEventListener('error', () => reject(new Error(WORDS.unreadable)));
    reader.readAsDataURL(file);
  });

/** A change of the issuer, which is read again after it: also after a refusal, since that may mean that somebody else was first. */
export function useIssuerChange<Input>(change: (input: Input) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => client.invalidateQueries({ queryKey: ['issuer'] }) });
}

/** The picture that documents print above the name of the issuer. It is stored as soon as a file is chosen. */
export function LogoField({ issuer }: { readonly issuer: Schemas['IssuerResponse'] }) {
  const { id, version, logo_sha256: digest } = issuer;
  const store = useIssuerChange(async (picture: Promise<string> | null) =>
    answered(
      api.PUT('/api/v1/billing/issuers/{id}/logo', { params: { path: { id } }, body: { image: await picture, expected_version: version } }),
    ),
  );
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.currentTarget.files ?? [];
    if (file) store.mutate(base64Of(file));
    event.currentTarget.value = ''; // the same file can be chosen again after a refusal
  };
  return (
    <div className="logo-field" role="group" aria-label={WORDS.title}>
      <b>{WORDS.title}</b>
      {digest !== null && <img key={digest} src={`/api/v1/billing/issuers/${id}/logo#${digest}`} alt={WORDS.alt} />}
      <label className="btn sml">
        {digest === null ? WORDS.choose : WORDS.change}
        <input className="vh" type="file" accept="image/png,image/jpeg" aria-label={WORDS.title} onChange={choose} />
      </label>
      {digest !== null && (
        <button type="button" className="btn sml" onClick={() => store.mutate(null)}>
          {WORDS.remove}
        </button>
      )}
      <p className="dim sm">{WORDS.help}</p>
      {store.error && <RefusedNote error={store.error} />}
    </div>
  );
}
