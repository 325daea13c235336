import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Routes } from '../routing/routes';
import { UndeclaredAccessError } from './access.error';

/** Refuses to start when a handler says nothing about who may call it: a forgotten line must not become an open door. */
@Injectable()
export class AccessDeclarations implements OnModuleInit {
  constructor(private readonly routes: Routes) {}

  onModuleInit(): void {
    const undeclared = this.routes.all().filter(({ access }) => access === undefined);
    if (undeclared.length > 0) throw new UndeclaredAccessError(undeclared.map(({ name }) => name));
  }
}
