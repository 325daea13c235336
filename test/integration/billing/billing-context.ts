import type { INestApplicationContext } from '@nestjs/common';
import { InventoryModule } from '#libs/inventory';
import { ProviderBillingModule } from '#libs/provider-billing';
import { TenantBillingModule } from '#libs/tenant-billing';
import { createTestWorker } from '../../support/test-worker';

/** Opens inventory, the provider's billing and that of tenants in this process, without queues and HTTP. */
export function openBilling(env: NodeJS.ProcessEnv): Promise<INestApplicationContext> {
  return createTestWorker([InventoryModule, ProviderBillingModule, TenantBillingModule], env);
}
