import { TenantsModule } from '#libs/tenants';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountBinding } from './account-binding';
import { BoundProvider } from './account-binding';
import { DescribedTenants } from './described-tenants';
import { CloudAccount } from './entities/cloud-account.entity';
import { ProjectMember } from './entities/project-member.entity';
import { ProjectName } from './entities/project-name.entity';
import { Project } from './entities/project.entity';
import { ProjectMembershipRepository } from './project-membership.repository';
import { ProjectMirror } from './project-mirror';
import { ProjectService } from './project.service';

const SERVICES = [AccountBinding, BoundProvider, DescribedTenants, ProjectMembershipRepository, ProjectMirror, ProjectService];

/** Expects the global modules of config, database and digitalocean. */
@Module({
  imports: [TenantsModule, TypeOrmModule.forFeature([CloudAccount, Project, ProjectMember, ProjectName])],
  providers: SERVICES,
  exports: SERVICES,
})
export class AccountsModule {}
