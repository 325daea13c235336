import { domainError } from '#libs/kernel';

export class WebhookNotFoundError extends domainError('webhook_not_found', 'not_found', 'There is no webhook endpoint with this id') {}

export class WebhookDeliveryNotFoundError extends domainError(
  'webhook_delivery_not_found',
  'not_found',
  'There is no webhook delivery with this id',
) {}

export class SubscriptionNotFoundError extends domainError(
  'notification_subscription_not_found',
  'not_found',
  'There is no notification subscription of this owner',
) {}

export class TooManyWebhooksError extends domainError(
  'too_many_webhooks',
  'conflict',
  (most: number) => `There are ${most} webhook endpoints already, which is the most: delete one that is not used`,
) {}

/** The endpoint gets nothing at the moment. */
export class WebhookNotActiveError extends domainError(
  'webhook_not_active',
  'conflict',
  (status: string) => `The webhook endpoint is ${status}; resume it first`,
) {}

/** The installation has no key for secrets. */
export class SecretsKeyMissingError extends domainError(
  'secrets_key_missing',
  'unavailable',
  'Webhooks and chat need a key for their secrets; the operator of this service must set SECRETS_KEY',
) {}

/** The key of a stored secret is not among those of `SECRETS_KEY`, or the stored text was changed. */
export class UnreadableSecretError extends domainError(
  'secret_unreadable',
  'unavailable',
  'A stored secret cannot be read with the keys of SECRETS_KEY; add the key that encrypted it, or rotate the secret',
) {}

/** The installation has no mail server. */
export class MailNotConfiguredError extends domainError(
  'mail_not_configured',
  'unavailable',
  'Mails need a mail server; the operator of this service must set SMTP_URL',
) {}

/** The mail server refused a mail, or cannot be reached. `reason` is a code. */
export class MailRefusedError extends domainError(
  'mail_refused',
  'unavailable',
  (reason: string) => `The mail server did not take the mail (${reason})`,
) {}

/** The rows of an event are archived. */
export class EventArchivedError extends domainError('event_archived', 'gone', 'The event has been archived') {}

/** The receiver answered, but not with success. Its code is stored with the delivery. */
export class RefusedByReceiverError extends domainError(
  'refused_by_receiver',
  'unavailable',
  (status: number) => `The receiver answered with status ${status}`,
) {}

/** True when the operator must set a mail server or a key first. The receiver is not at fault, and was not called. */
export const isInstallationFault = (error: unknown): boolean =>
  error instanceof MailNotConfiguredError || error instanceof SecretsKeyMissingError || error instanceof UnreadableSecretError;
