import { databaseGauges } from '#libs/database';
import { Global, Module } from '@nestjs/common';
import { AuditLog } from './audit-log';
import { RECORD_GAUGES } from './chain/record.gauges';
import { RecordSealer } from './chain/record-sealer';

@Global()
@Module({ providers: [AuditLog, RecordSealer, databaseGauges(RECORD_GAUGES)], exports: [AuditLog, RecordSealer] })
export class AuditModule {}
