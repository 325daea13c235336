import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AccessDeclarations } from './access-declarations';

@Module({ imports: [DiscoveryModule], providers: [AccessDeclarations], exports: [AccessDeclarations] })
export class AuthModule {}
