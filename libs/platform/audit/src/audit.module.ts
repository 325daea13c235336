import { databaseGauges } from '#libs/database';
import { Global, Module } from '@nestjs/common';
import { AuditLog } from './audit-log';
import { ChainSealer } from './chain/chain-sealer';
import { CHAIN_METRICS } from './chain/chain.metrics';

@Global()
@Module({ providers: [AuditLog, ChainSealer, databaseGauges(CHAIN_METRICS)], exports: [AuditLog, ChainSealer] })
export class AuditModule {}
