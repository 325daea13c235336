import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { answered, api, Problem } from '../../client/client';
import { Dialog } from '../../parts/dialog';
import { EventTypes } from '../../parts/event-types';
import { RefusedNote } from '../../parts/states';
import { useSession } from '../../shell/session';
import { TEXTS } from './texts';
import type { Webhook } from './webhook-state';

interface FormProps {
  /** The one to change; without it a new one is made. */
  readonly webhook?: Webhook;
  /** The secret is given for a new one only. */
  readonly done: (id: string, secret: string | undefined) => void;
  readonly close: () => void;
}

/** Makes or changes a webhook. What was typed stays when it is refused, with the refusal at its field. */
export function WebhookForm({ webhook, done, close }: FormProps) {
  const { isAdmin } = useSession();
  const [url, setUrl] = useState(webhook?.url ?? '');
  const [types, setTypes] = useState<string[]>([...(webhook?.types ?? ['*'])]);
  const [description, setDescription] = useState(webhook?.description ?? '');
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<Error | null>(null);
  const { form } = TEXTS;
  const fields = refused instanceof Problem ? Object.fromEntries(refused.errors.map(({ field, message }) => [field, message])) : {};
  const isAddress = refused instanceof Problem && refused.code === 'outbound_address_refused';

  const save = async () => {
    setBusy(true);
    const body = { url: url.trim(), types, ...((description || webhook) && { description }) } as never;
    try {
      if (webhook) {
        await answered(api.PATCH('/api/v1/webhooks/{id}', { params: { path: { id: webhook.id } }, body }));
        done(webhook.id, undefined);
      } else {
        const { data } = await answered(api.POST('/api/v1/webhooks', { body }));
        done(data.id, data.secret);
      }
    } catch (error) {
      setRefused(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };
  return (
    <Dialog title={webhook ? form.editTitle : form.newTitle} close={close}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <p className="mid">{webhook ? form.editText : form.text}</p>
        <TextInput
          label={form.url}
          type="url"
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          error={isAddress ? refused?.message : fields.url}
          placeholder="https://example.com/hooks/arcadia"
          maxLength={2_000}
          required
          data-autofocus
        />
        <EventTypes value={types} onChange={setTypes} isAdmin={isAdmin} error={fields.types} />
        <TextInput
          label={form.description}
          description={form.descriptionHelp}
          inputWrapperOrder={['label', 'input', 'error', 'description']}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
          maxLength={200}
        />
        {refused && <RefusedNote error={refused} />}
        <div className="go">
          <button type="button" className="btn" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="btn pri" disabled={busy || url.trim() === '' || types.length === 0}>
            {webhook ? form.save : form.create}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
