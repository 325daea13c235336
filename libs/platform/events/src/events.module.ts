import { databaseGauges } from '#libs/database';
import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Event } from './entities/event.entity';
import { EventNumber, EventSequencerState, EventStreamProcess } from './entities/event-number.entity';
import { EventLog } from './event-log';
import { EventReader } from './event-reader';
import { EventSequencer } from './event-sequencer';
import { EventSources } from './event-source';
import { EVENT_GAUGES } from './events.metrics';
import { StreamPlaces } from './stream-places';

const EXPORTED = [EventLog, EventReader, EventSequencer, EventSources, StreamPlaces];

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([Event, EventNumber, EventSequencerState, EventStreamProcess])],
  providers: [...EXPORTED, databaseGauges(EVENT_GAUGES)],
  exports: EXPORTED,
})
export class EventsModule {}
