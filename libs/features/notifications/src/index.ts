export { WebhookSender } from './webhooks/webhook-sender';
export { DELIVERY_STATUSES, type DeliveryStatus } from './entities/webhook-delivery.entity';
export { DIGESTS, type Digest } from './entities/notification-subscription.entity';
export { ENDPOINT_STATUSES, type EndpointStatus } from './entities/webhook-endpoint.entity';
export { DirectMessages, type DirectMessage, type DirectOutcome } from './mail/direct-messages';
export { MessageSender } from './mail/message-sender';
export {
  isSubscriber,
  SUBSCRIBER_ROLES,
  Subscriptions,
  type OwnedSubscription,
  type SubscriberRole,
  type SubscriptionFields,
  type SubscriptionFilters,
  type SubscriptionView,
} from './mail/subscriptions';
export {
  SecretsKeyMissingError,
  SubscriptionNotFoundError,
  TooManyWebhooksError,
  WebhookDeliveryNotFoundError,
  WebhookNotActiveError,
  WebhookNotFoundError,
} from './notifications.errors';
export { NotificationsModule } from './notifications.module';
export {
  MOST_REPLAYED,
  notificationRetention,
  WebhookDeliveries,
  type DeliveryFilters,
  type DeliveryView,
} from './webhooks/webhook-deliveries';
export {
  WebhookEndpoints,
  type WebhookFields,
  type WebhookFilters,
  type WebhookView,
  type WebhookWithSecret,
} from './webhooks/webhook-endpoints';
