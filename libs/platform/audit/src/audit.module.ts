import { databaseGauges } from '#libs/database';
import { Global, Module } from '@nestjs/common';
import { AuditLog } from './audit-log';
import { RECORD_GAUGES } from './chain/record.gauges';
import { ChainSealer } from './chain/record-sealer';

@Global()
@Module({ providers: [AuditLog, ChainSealer, databaseGauges(RECORD_GAUGES)], exports: [AuditLog, ChainSealer] })
export class AuditModule {}
