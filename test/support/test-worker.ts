import { AuditModule } from '#libs/audit';
import { ConfigModule } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { DigitalOceanModule } from '#libs/digitalocean';
import { EventsModule } from '#libs/events';
import { Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { testConfig } from './settings';
import 'reflect-metadata';

/** The services of a worker in this process, without queues and HTTP: the provider's client and the given modules. */
export function createTestWorker(modules: readonly Type[], env: NodeJS.ProcessEnv): Promise<INestApplicationContext> {
  @Module({ imports: [ConfigModule.forRoot(testConfig(env)), DatabaseModule, AuditModule, EventsModule, DigitalOceanModule, ...modules] })
  class WorkerUnderTest {}
  return NestFactory.createApplicationContext(WorkerUnderTest, { logger: ['error'] });
}
