import { databaseGauges } from '#libs/database';
import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditLog } from './audit-log';
import { ChainSealer } from './chain/chain-sealer';
import { CHAIN_METRICS } from './chain/chain.metrics';
import { AuditEntry } from './entities/audit-entry.entity';
import { ChainLink } from './entities/chain-link.entity';
import { Digest, WaitingDigest } from './entities/digest.entity';

@Global()
@Module({
  imports: [TypeOrmModule.forFeature([AuditEntry, ChainLink, Digest, WaitingDigest])],
  providers: [AuditLog, ChainSealer, databaseGauges(CHAIN_METRICS)],
  exports: [AuditLog, ChainSealer],
})
export class AuditModule {}
