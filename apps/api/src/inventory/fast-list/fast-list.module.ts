import { Module } from '@nestjs/common';
import { InventoryModule } from '#libs/inventory';
import { InputValidationPipe } from '../../http/validation.pipe';
import { FastListController } from './fast-list.controller';

@Module({ imports: [InventoryModule], controllers: [FastListController], providers: [InputValidationPipe] })
export class FastListModule {}
