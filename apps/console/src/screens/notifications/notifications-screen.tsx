import { Select, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, Problem, type Schemas } from '../../client/client';
import { LeaveGuard } from '../../parts/dialog';
import { EventTypes } from '../../parts/event-types';
import { IconWebhook } from '../../parts/icons';
import { OutdatedNote, useKept, type Kept } from '../../parts/kept';
import { Card, PageHead, Screen } from '../../parts/page';
import { ErrorState, Note, RefusedNote, Skeleton } from '../../parts/states';
import { Age } from '../../parts/time';
import { useSession } from '../../shell/session';
import { TEXTS } from './texts';

type Subscription = Schemas['SubscriptionResponse'];

/** The mail and chat of the caller: an admin has a subscription of its own, a tenant has one together. */
export function NotificationsScreen() {
  const { isAdmin } = useSession();
  const subscription = useQuery({
    queryKey: ['subscriptions'],
    queryFn: () => answered(api.GET('/api/v1/notifications/subscriptions')),
    staleTime: Infinity,
  });
  const found = subscription.data?.data;
  return (
    <Screen>
      <PageHead
        title={TEXTS.title}
        sub={TEXTS.sub}
        actions={
          <Link to="/webhooks" className="btn">
            <IconWebhook size={16} stroke={1.75} aria-hidden />
            {TEXTS.webhooks}
          </Link>
        }
      />
      <div style={{ maxWidth: 640 }}>
        <Card label={TEXTS.title} pad>
          {subscription.error && <ErrorState error={subscription.error} retry={() => void subscription.refetch()} />}
          {subscription.isPending && <Skeleton />}
          {found && <SubscriptionForm latest={found} isAdmin={isAdmin} />}
        </Card>
      </div>
    </Screen>
  );
}

const contentOf = ({ changed_at }: Subscription): string => changed_at ?? '';

function SubscriptionForm({ latest, isAdmin }: { readonly latest: Subscription; readonly isAdmin: boolean }) {
  const kept = useKept(latest, contentOf);
  return (
    <>
      {kept.isOutdated && <OutdatedNote take={kept.take} />}
      {kept.isEdited && <LeaveGuard />}
      <SubscriptionFields key={contentOf(kept.record)} kept={kept} isAdmin={isAdmin} />
    </>
  );
}

interface FieldsProps {
  readonly kept: Kept<Subscription>;
  readonly isAdmin: boolean;
}

function SubscriptionFields({ kept: { record: subscription, isSaved, edit, saved }, isAdmin }: FieldsProps) {
  const client = useQueryClient();
  const [email, setEmail] = useState(subscription.email ?? '');
  const [chat, setChat] = useState('');
  const [isChatOff, setChatOff] = useState(false);
  const [types, setTypes] = useState<string[]>([...subscription.types]);
  const [digest, setDigest] = useState(subscription.digest);
  const { chat_host: host } = subscription;
  const save = useMutation({
    mutationFn: () => {
      const chatUrl = chat.trim() ? { chat_url: chat.trim() } : isChatOff ? { chat_url: null } : {};
      const body = { email: email.trim() || null, ...chatUrl, types, digest } as never;
      return answered(api.PUT('/api/v1/notifications/subscriptions', { body }));
    },
    onSuccess: (answer) => {
      saved();
      client.setQueryData(['subscriptions'], answer);
    },
  });
  const { error } = save;
  const fields = error instanceof Problem ? Object.fromEntries(error.errors.map(({ field, message }) => [field, message])) : {};
  const isRefusedAddress = error instanceof Problem && error.code === 'outbound_address_refused';
  const isEmpty = subscription.email === null && host === null;
  return (
    <form
      className="form"
      onChange={edit}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <p className="mid">{isAdmin ? TEXTS.forAdmin : TEXTS.forTenant}</p>
      {isEmpty && <Note tone="info">{TEXTS.nothing}</Note>}
      <TextInput
        label={TEXTS.email}
        description={TEXTS.emailHelp}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        type="email"
        value={email}
        onChange={(event) => setEmail(event.currentTarget.value)}
        error={fields.email}
        placeholder="ops@example.com"
        maxLength={200}
      />
      <TextInput
        label={TEXTS.chat}
        description={host ? TEXTS.chatKept(host) : TEXTS.chatHelp}
        inputWrapperOrder={['label', 'input', 'error', 'description']}
        type="url"
        value={chat}
        onChange={(event) => setChat(event.currentTarget.value)}
        error={isRefusedAddress ? error.message : fields.chat_url}
        placeholder="https://hooks.slack.com/services/…"
        autoComplete="off"
        disabled={isChatOff}
      />
      {host && (
        <label className="tick">
          <input type="checkbox" checked={isChatOff} onChange={(event) => setChatOff(event.currentTarget.checked)} /> {TEXTS.chatOff}
        </label>
      )}
      <EventTypes
        value={types}
        onChange={(next) => {
          edit();
          setTypes(next);
        }}
        isAdmin={isAdmin}
        error={fields.types}
      />
      <p className="dim sm">{TEXTS.always}</p>
      <Select
        label={TEXTS.digest}
        data={(['at_once', 'daily'] as const).map((value) => ({ value, label: TEXTS.digests[value] }))}
        value={digest}
        onChange={(value) => {
          edit();
          if (value) setDigest(value);
        }}
        allowDeselect={false}
      />
      {error && <RefusedNote error={error} />}
      <div className="go" style={{ alignItems: 'center' }}>
        <button type="submit" className="btn pri" disabled={save.isPending}>
          {TEXTS.save}
        </button>
        {isSaved && <span role="status">{TEXTS.saved}</span>}
        {subscription.changed_by && (
          <span className="dim sm">
            {TEXTS.changed(subscription.changed_by)}, <Age at={subscription.changed_at} suffix=" ago" />
          </span>
        )}
      </div>
    </form>
  );
}
