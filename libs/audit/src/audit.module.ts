import { Global, Module } from '@nestjs/common';
import { AuditLog } from './audit-log';
import { RecordSealer } from './chain/record-sealer';

@Global()
@Module({ providers: [AuditLog, RecordSealer], exports: [AuditLog, RecordSealer] })
export class AuditModule {}
