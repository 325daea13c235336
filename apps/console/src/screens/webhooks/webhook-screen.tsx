import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { answered, api } from '../../client/client';
import { eventsText } from '../../parts/event-types';
import { exactTime } from '../../parts/format';
import { Card, Detail, Facts, PageHead } from '../../parts/page';
import { Note } from '../../parts/states';
import { Age } from '../../parts/time';
import { usePollMs } from '../../shell/live';
import { DeliveriesCard } from './deliveries-card';
import { TEXTS } from './texts';
import { WebhookActions } from './webhook-actions';
import { WebhookState, type Webhook } from './webhook-state';
import './webhooks.css';

const POLL_MS = 10_000;

export function WebhookScreen() {
  const { id } = useParams({ from: '/webhooks/$id' });
  const webhook = useQuery({
    queryKey: ['webhook', id],
    queryFn: () => answered(api.GET('/api/v1/webhooks/{id}', { params: { path: { id } } })),
    refetchInterval: usePollMs(POLL_MS),
  });
  const found = webhook.data?.data;
  return (
    <Detail what={TEXTS.one} list={{ text: TEXTS.title, to: '/webhooks' }} queries={[webhook]}>
      {found && (
        <>
          <PageHead
            title={found.description ?? new URL(found.url).host}
            badges={<WebhookState webhook={found} pill />}
            crumbs={[{ text: TEXTS.title, to: '/webhooks' }, { text: found.tenant_id ?? TEXTS.platform }]}
            actions={<WebhookActions webhook={found} />}
          />
          {found.status_reason && (
            <div style={{ marginBottom: 16 }}>
              <Note tone={found.status === 'disabled' ? 'bad' : 'wait'}>
                {TEXTS.reasons.get(found.status_reason) ?? found.status_reason}
              </Note>
            </div>
          )}
          <div className="wh">
            <FactsCard webhook={found} />
            <DeliveriesCard id={id} />
          </div>
        </>
      )}
    </Detail>
  );
}

function FactsCard({ webhook }: { readonly webhook: Webhook }) {
  const { facts } = TEXTS;
  return (
    <Card title={facts.title} pad>
      <Facts
        rows={[
          [
            facts.url,
            <span key="url" className="mono wrap">
              {webhook.url}
            </span>,
          ],
          [facts.events, eventsText(webhook.types)],
          [facts.description, webhook.description],
          [facts.owner, webhook.tenant_id ?? TEXTS.platform],
          [facts.secrets, String(webhook.signing_secrets)],
          [facts.success, <Age key="success" at={webhook.last_success_at} suffix=" ago" />],
          [facts.failing, webhook.failing_since && <Age key="failing" at={webhook.failing_since} suffix=" ago" late />],
          [facts.createdBy, webhook.created_by],
          [facts.created, exactTime(webhook.created_at)],
        ]}
      />
    </Card>
  );
}
