import { Module } from '@nestjs/common';
import { AccountsModule } from '#libs/accounts';
import { InventoryModule } from '#libs/inventory';
import { ProjectsController } from './projects.controller';

@Module({ imports: [AccountsModule, InventoryModule], controllers: [ProjectsController] })
export class ProjectsApiModule {}
