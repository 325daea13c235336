import { CONFIG, type Config } from '#libs/config';
import { Inject, Injectable } from '@nestjs/common';
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { SecretsKeyMissingError, UnreadableSecretError } from './notifications.errors';

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

/**
 * Encrypts secrets that must be used again, such as those that sign webhooks. The text has the id of its key, so that the keys of
 * `SECRETS_KEY` can be rotated: the first one encrypts, all of them decrypt. The text is bound to its place: moved to another row it
 * cannot be read. [WHK-3]
 */
@Injectable()
export class SecretBox {
  constructor(@Inject(CONFIG) private readonly config: Pick<Config, 'notifications'>) {}

  /** The id of the key that encrypts now. Throws `SecretsKeyMissingError`. */
  get keyId(): string {
    return this.keys()[0].id;
  }

  get configured(): boolean {
    return this.config.notifications.secretsKey !== undefined;
  }

  /** Throws `SecretsKeyMissingError`. */
  seal(secret: string, place: string): string {
    const [key] = this.keys();
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key.bytes, iv).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${key.id}.${sealed.toString('base64')}`;
  }

  /** Throws `SecretsKeyMissingError`, and `UnreadableSecretError` without the key, for a changed text and for one of another place. */
  open(text: string, place: string): string {
    const [id, content = ''] = text.split('.');
    const key = this.keys().find((known) => known.id === id);
    if (!key) throw new UnreadableSecretError();
    const sealed = Buffer.from(content, 'base64');
    try {
      const decipher = createDecipheriv(ALGORITHM, key.bytes, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch {
      throw new UnreadableSecretError();
    }
  }

  private keys(): readonly [Key, ...Key[]] {
    const { secretsKey } = this.config.notifications;
    const [first, ...others] = (secretsKey?.() ?? '').split(',').map((text) => text.trim());
    if (!first) throw new SecretsKeyMissingError();
    return [keyOf(first), ...others.map(keyOf)];
  }
}

function keyOf(text: string): Key {
  const bytes = Buffer.from(text, 'base64');
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes };
}
