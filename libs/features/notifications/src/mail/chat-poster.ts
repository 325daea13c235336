import { OutboundHttp } from '#libs/outbound-http';
import { Injectable } from '@nestjs/common';
import { RefusedByReceiverError } from '../notifications.errors';
import { SecretBox } from '../secret-box';
import type { MessageText } from './message-text';
import { chatPlace } from './subscriptions';

/** Writes messages to chat rooms. The address of a room is a secret. */
@Injectable()
export class ChatPoster {
  constructor(
    private readonly outbound: OutboundHttp,
    private readonly box: SecretBox,
  ) {}

  /** `owner`: the subscriber of the room. Throws `RefusedByReceiverError`, `UnreadableSecretError` and the errors of `OutboundHttp`. */
  async post(owner: string, sealed: string, { subject, text }: MessageText, signal?: AbortSignal): Promise<void> {
    const url = this.box.open(sealed, chatPlace(owner));
    const body = JSON.stringify({ text: `${subject}\n${text}` });
    const { status } = await this.outbound.post({ url, headers: { 'content-type': 'application/json' }, body, signal });
    if (status < 200 || status > 299) throw new RefusedByReceiverError(status);
  }
}
