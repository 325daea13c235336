import type { DatabaseGauge } from '#libs/database';

/** What waits for delivery. Set-based: one statement each. */
export const NOTIFICATION_GAUGES: readonly DatabaseGauge[] = [
  {
    name: 'arcadia_webhooks_pending',
    help: 'Deliveries to active webhook endpoints that have not succeeded yet',
    labels: [],
    sql: `select count(*) as value from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id where d.status = 'pending' and e.status = 'active'`,
  },
  {
    name: 'arcadia_webhooks_oldest_due_seconds',
    help: 'Time since the oldest delivery of a webhook has been due; 0 without one',
    labels: [],
    sql: `
      select coalesce(extract(epoch from clock_timestamp() - min(d.next_attempt_at)), 0) as value
        from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id
       where d.status = 'pending' and e.status = 'active' and d.next_attempt_at <= clock_timestamp()`,
  },
  {
    name: 'arcadia_notifications_unread_events',
    help: 'Events of the feed for which no deliveries are written yet',
    labels: [],
    sql: `select greatest(0, coalesce((select last_sequence from event_sequencer), 0) - (select last_sequence from notification_cursor)) as value`,
  },
];
