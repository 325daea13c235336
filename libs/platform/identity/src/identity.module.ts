import { Global, Module } from '@nestjs/common';
import { GuardianStrategy } from './guardian.strategy';

/** Registers the passport strategy `jwt`. Needs the ConfigModule. */
@Global()
@Module({ providers: [GuardianStrategy], exports: [GuardianStrategy] })
export class IdentityModule {}
