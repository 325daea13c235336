import { Module } from '@nestjs/common';
import { InventoryModule } from '#libs/inventory';
import { ProjectsController } from './projects.controller';

@Module({ imports: [InventoryModule], controllers: [ProjectsController] })
export class ProjectsApiModule {}
