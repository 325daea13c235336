import { Module } from '@nestjs/common';
import { BoardActions } from './board-actions';
import { QueueBoard } from './queue-board';

/** The board is an Express router; `createApi` mounts it. */
@Module({ providers: [BoardActions, QueueBoard] })
export class QueueBoardModule {}
