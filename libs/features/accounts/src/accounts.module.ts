import { Module } from '@nestjs/common';
import { AccountBinding } from './account-binding';
import { BoundProvider } from './bound-provider';

/** Expects the global modules of config, database and digitalocean. */
@Module({ providers: [AccountBinding, BoundProvider], exports: [AccountBinding, BoundProvider] })
export class AccountsModule {}
