import { useQueryClient } from '@tanstack/react-query';
import { useState, type ChangeEvent } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { ProblemCode } from '../../parts/states';
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

/** The picture that documents print above the name of the issuer. It is stored as soon as a file is chosen. */
export function LogoField({ issuer }: { readonly issuer: Schemas['IssuerResponse'] }) {
  const client = useQueryClient();
  const [refused, setRefused] = useState<Error | null>(null);
  const { id, version, logo_sha256: digest } = issuer;
  const store = async (picture: Promise<string> | null) => {
    try {
      setRefused(null);
      const body = { image: await picture, expected_version: version };
      await answered(api.PUT('/api/v1/billing/issuers/{id}/logo', { params: { path: { id } }, body }));
      await client.invalidateQueries({ queryKey: ['issuer'] });
    } catch (error) {
      setRefused(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const choose = (event: ChangeEvent<HTMLInputElement>) => {
    const [file] = event.currentTarget.files ?? [];
    if (file) void store(base64Of(file));
    event.currentTarget.value = ''; // the same file can be chosen again after a refusal
  };
  return (
    <div className="logo-field">
      {digest !== null && <img src={`/api/v1/billing/issuers/${id}/logo?of=${digest.slice(0, 8)}`} alt={WORDS.alt} />}
      <label className="btn sml">
        {digest === null ? WORDS.choose : WORDS.change}
        <input className="vh" type="file" accept="image/png,image/jpeg" aria-label={WORDS.title} onChange={choose} />
      </label>
      {digest !== null && (
        <button type="button" className="btn sml" onClick={() => void store(null)}>
          {WORDS.remove}
        </button>
      )}
      <p className="dim sm">{WORDS.help}</p>
      {refused && (
        <div role="alert" className="note bad" style={{ display: 'block' }}>
          <p>{refused.message}</p>
          <ProblemCode error={refused} />
        </div>
      )}
    </div>
  );
}
