import { Module, type DynamicModule } from '@nestjs/common';
import type { Config } from './config';

/** The injection token of the configuration: `@Inject(CONFIG) config: Config`. */
export const CONFIG = Symbol('Config');

/** Provides one checked configuration to a whole application. */
@Module({})
export class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    return { module: ConfigModule, global: true, providers: [{ provide: CONFIG, useValue: config }], exports: [CONFIG] };
  }
}
