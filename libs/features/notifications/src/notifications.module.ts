import { databaseGauges } from '#libs/database';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { WebhookSender } from './webhooks/webhook-sender';
import { NotificationCursor, WebhookDelivery } from './entities/webhook-delivery.entity';
import { WebhookEndpoint } from './entities/webhook-endpoint.entity';
import { NotificationMessage, NotificationSubscription } from './entities/notification-subscription.entity';
import { ChatPoster } from './mail/chat-poster';
import { DirectMessages } from './mail/direct-messages';
import { Mailer } from './mail/mailer';
import { MessageSender } from './mail/message-sender';
import { Subscriptions } from './mail/subscriptions';
import { NOTIFICATION_GAUGES } from './notifications.metrics';
import { SecretBox } from './secret-box';
import { WebhookDeliveries } from './webhooks/webhook-deliveries';
import { WebhookEndpoints } from './webhooks/webhook-endpoints';

const SERVICES = [DirectMessages, MessageSender, Subscriptions, WebhookDeliveries, WebhookEndpoints, WebhookSender];

/** Needs the global modules of config, database, audit, events and outbound-http. */
@Module({
  imports: [
    TypeOrmModule.forFeature([NotificationCursor, NotificationMessage, NotificationSubscription, WebhookDelivery, WebhookEndpoint]),
  ],
  providers: [...SERVICES, ChatPoster, Mailer, SecretBox, databaseGauges(NOTIFICATION_GAUGES)],
  exports: SERVICES,
})
export class NotificationsModule {}
