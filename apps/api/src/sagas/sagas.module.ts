import { Module } from '@nestjs/common';
import { ProvisioningModule } from '#libs/provisioning';
import { SagaModule } from '#libs/saga';
import { InputValidationPipe } from '../http/validation.pipe';
import { WakeupService } from '../wakeups/wakeup.service';
import { SagasController } from './sagas.controller';
import { SagasService } from './sagas.service';

/** `ProvisioningModule` registers the saga kinds that call the provider. */
@Module({
  imports: [SagaModule, ProvisioningModule],
  controllers: [SagasController],
  providers: [SagasService, InputValidationPipe, WakeupService],
})
export class SagasApiModule {}
