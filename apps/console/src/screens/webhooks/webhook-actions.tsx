import { Menu, NumberInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { IconDots, IconSend } from '../../parts/icons';
import { ProblemCode } from '../../parts/states';
import { SecretDialog } from './secret-dialog';
import { TEXTS } from './texts';
import { WebhookForm } from './webhook-form';
import type { Webhook } from './webhook-state';

type Asked = 'pause' | 'rotate' | 'replay' | 'edit' | 'remove';

const OVERLAP_HOURS = 24;
const DAY_MS = 86_400_000;

/** A test and a resume are done at once; the others have a dialog. What a paused or disabled one refuses has no button. */
export function WebhookActions({ webhook }: { readonly webhook: Webhook }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<Asked | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const params = { path: { id: webhook.id } };
  const refresh = () =>
    client.invalidateQueries({ predicate: ({ queryKey: [first] }) => ['webhook', 'webhooks', 'deliveries'].includes(String(first)) });
  const act = useMutation({
    mutationFn: async (verb: 'test' | 'resume') => {
      await answered(api.POST(`/api/v1/webhooks/{id}/${verb}`, { params, body: {} as never }));
      return verb;
    },
    onSuccess: (verb) => {
      setSaid(verb === 'test' ? TEXTS.tested : null);
      void refresh();
    },
  });
  const isActive = webhook.status === 'active';
  const others: readonly Asked[] = isActive ? ['replay', 'rotate', 'edit', 'pause', 'remove'] : ['rotate', 'edit', 'remove'];
  return (
    <>
      {(said ?? act.error) && (
        <span role={act.error ? 'alert' : 'status'} className={act.error ? 'said bad' : 'said'}>
          {act.error ? act.error.message : said} {act.error && <ProblemCode error={act.error} />}
        </span>
      )}
      <Menu position="bottom-end" width={200}>
        <Menu.Target>
          <button type="button" className="btn" aria-label={TEXTS.more}>
            <IconDots size={16} stroke={1.75} aria-hidden />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {others.map((verb) => (
            <Menu.Item key={verb} onClick={() => setAsking(verb)} {...(verb === 'remove' && { color: 'var(--bad)' })}>
              {TEXTS.verbs[verb]}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <button
        type="button"
        className={isActive ? 'btn' : 'btn pri'}
        disabled={act.isPending}
        onClick={() => act.mutate(isActive ? 'test' : 'resume')}
      >
        {isActive && <IconSend size={16} stroke={1.75} aria-hidden />}
        {isActive ? TEXTS.verbs.test : TEXTS.verbs.resume}
      </button>
      {asking === 'edit' && (
        <WebhookForm
          webhook={webhook}
          done={() => {
            setAsking(null);
            void refresh();
          }}
          close={() => setAsking(null)}
        />
      )}
      {asking && asking !== 'edit' && (
        <AskDialog
          verb={asking}
          webhook={webhook}
          done={({ secret: next, replayed }) => {
            if (next) setSecret(next);
            if (replayed !== undefined) setSaid(TEXTS.replayed(replayed));
            void refresh();
          }}
          close={() => setAsking(null)}
        />
      )}
      {secret && <SecretDialog secret={secret} close={() => setSecret(null)} />}
    </>
  );
}

interface AskProps {
  readonly verb: Exclude<Asked, 'edit'>;
  readonly webhook: Webhook;
  readonly done: (outcome: { readonly secret?: string; readonly replayed?: number }) => void;
  readonly close: () => void;
}

/** A time as its field has it: to the minute, in the viewer's zone. */
const localTime = (ms: number): string => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

function AskDialog({ verb, webhook, done, close }: AskProps) {
  const navigate = useNavigate();
  const [hours, setHours] = useState(OVERLAP_HOURS);
  const [since, setSince] = useState(() => localTime(Date.now() - DAY_MS));
  const params = { path: { id: webhook.id } };
  const text = TEXTS[verb];
  const confirm = async (reason: string | undefined) => {
    const because = reason && { reason };
    if (verb === 'pause') {
      await answered(api.POST('/api/v1/webhooks/{id}/pause', { params, body: { ...because } }));
      done({});
    } else if (verb === 'rotate') {
      const { data } = await answered(api.POST('/api/v1/webhooks/{id}/rotate', { params, body: { overlap_hours: hours, ...because } }));
      done({ secret: data.secret });
    } else if (verb === 'replay') {
      const body = { since: new Date(since).toISOString(), ...because };
      const { data } = await answered(api.POST('/api/v1/webhooks/{id}/replay', { params, body }));
      done({ replayed: data.replayed });
    } else {
      await answered(api.DELETE('/api/v1/webhooks/{id}', { params }));
      await navigate({ to: '/webhooks' });
    }
  };
  const host = new URL(webhook.url).host;
  return (
    <Confirm
      title={text.title}
      button={text.button}
      danger={verb === 'remove'}
      {...(verb === 'remove' ? { typed: host } : { reason: 'optional' as const })}
      ready={verb !== 'replay' || !Number.isNaN(Date.parse(since))}
      confirm={confirm}
      close={close}
    >
      <div className="form">
        <p className="mid">{text.text}</p>
        {verb === 'rotate' && (
          <NumberInput
            label={TEXTS.rotate.overlap}
            value={hours}
            onChange={(value) => setHours(typeof value === 'number' ? value : OVERLAP_HOURS)}
            min={0}
            max={168}
            allowDecimal={false}
          />
        )}
        {verb === 'replay' && (
          <TextInput
            type="datetime-local"
            label={TEXTS.replay.since}
            value={since}
            onChange={(event) => setSince(event.currentTarget.value)}
            data-autofocus
          />
        )}
      </div>
    </Confirm>
  );
}
