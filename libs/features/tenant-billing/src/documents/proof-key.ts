import { CONFIG, ed25519PrivateKey, type Config } from '#libs/config';
import { Inject, Injectable } from '@nestjs/common';
import { createHmac, createPublicKey, hkdfSync, sign, type KeyObject } from 'node:crypto';

/** What is signed besides the root, so that the signature cannot stand for anything else. */
export const SIGNED_PREFIX = 'arcadia-cloud document proof\n';

/** The issuer's Ed25519 key, and the secret of the salts that is made from it. */
export class ProofKey {
  /** The raw public key, 64 hexadecimal digits. */
  readonly publicKey: string;
  private readonly key: KeyObject;
  private readonly saltKey: Buffer;

  /** `text` is the private key as PEM or base64. Throws `TypeError` for anything else. */
  constructor(text: string) {
    this.key = ed25519PrivateKey(text);
    this.publicKey = Buffer.from(createPublicKey(this.key).export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
    const seed = Buffer.from(this.key.export({ format: 'jwk' }).d ?? '', 'base64url');
    this.saltKey = Buffer.from(hkdfSync('sha256', seed, '', 'arcadia-cloud: salts of commitments', 32));
  }

  /** The signature of a root, 128 hexadecimal digits. Equal roots have equal signatures. */
  sign(root: string): string {
    return sign(null, Buffer.from(`${SIGNED_PREFIX}${root}`), this.key).toString('hex');
  }

  /** The salt of a commitment: equal for equal places, and not to be guessed without the key. */
  salt(place: string): string {
    return createHmac('sha256', this.saltKey).update(place).digest('hex');
  }

  /** The public key as PEM. */
  toPem(): string {
    return createPublicKey(this.key).export({ type: 'spki', format: 'pem' }).toString();
  }
}

/** The current proof key of the process. It follows its file, so an exchange needs no restart. */
@Injectable()
export class ProofKeys {
  private last: { readonly text: string; readonly key: ProofKey } | undefined;

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  current(): ProofKey {
    const text = this.config.billing.proofKey();
    if (this.last?.text !== text) this.last = { text, key: new ProofKey(text) };
    return this.last.key;
  }
}
