import { errorCode } from '#libs/kernel';
import { counter } from '#libs/observability';
import { MailNotConfiguredError, SecretsKeyMissingError, UnreadableSecretError } from '../notifications.errors';

/** The next attempt follows so long after one that the installation prevented. */
export const INSTALLATION_FAULT_PAUSE_MS = 300_000;

const notSent = counter(
  'arcadia_notifications_not_sent_total',
  'Webhooks, mails and chat messages that were not sent, because this installation lacks a mail server or a key',
  ['reason'],
  [{ reason: 'mail_not_configured' }, { reason: 'secrets_key_missing' }, { reason: 'secret_unreadable' }],
);

/** True when the operator must set a mail server or a key first. The receiver is not at fault, and was not called. */
export const isInstallationFault = (error: unknown): boolean =>
  error instanceof MailNotConfiguredError || error instanceof SecretsKeyMissingError || error instanceof UnreadableSecretError;

/** Counts an attempt that the installation prevented; other failures are not counted. */
export function countNotSent(error: unknown): void {
  if (isInstallationFault(error)) notSent.inc({ reason: errorCode(error) });
}
