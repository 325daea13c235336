import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Event } from './entities/event.entity';
import { EventNumber, EventSequencerState } from './entities/event-number.entity';
import { EventLog } from './event-log';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([Event, EventNumber, EventSequencerState])],
  providers: [EventLog],
  exports: [EventLog],
})
export class EventsModule {}
