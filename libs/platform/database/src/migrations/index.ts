import { AccountsAndProjects1795000001001 } from './1001-accounts-and-projects.migration';
import { Inventory1795000001002 } from './1002-inventory.migration';
import { ProviderBudget1795000001003 } from './1003-provider-budget.migration';
import { Audit1795000001004 } from './1004-audit.migration';
import { ProviderActions1795000001005 } from './1005-provider-actions.migration';
import { Sagas1795000001006 } from './1006-sagas.migration';
import { Catalogue1795000001007 } from './1007-catalogue.migration';
import { RegisteredResources1795000001008 } from './1008-registered-resources.migration';
import { Provisioning1795000001009 } from './1009-provisioning.migration';
import { Strays1795000001010 } from './1010-strays.migration';
import { Balance1795000001011 } from './1011-balance.migration';
import { Costs1795000001012 } from './1012-costs.migration';
import { Drift1795000001020 } from './1020-drift.migration';
import { ChainedRecords1795000001030 } from './1030-chained-records.migration';
import { EarlierRecords1795000001031 } from './1031-earlier-records.migration';
import { Retention1795000001032 } from './1032-retention.migration';
import { EventMonths1795000001033 } from './1033-event-months.migration';
import { SagaTraces1795000001040 } from './1040-saga-traces.migration';
import { Restores1795000001045 } from './1045-restores.migration';
import { NamesOfTables1795000001046 } from './1046-names-of-tables.migration';
import { UnreadableItems1795000001050 } from './1050-unreadable-items.migration';
import { SagaWrites1795000001060 } from './1060-saga-writes.migration';
import { WholeOrders1795000001061 } from './1061-whole-orders.migration';
import { ReadingFailures1795000001070 } from './1070-reading-failures.migration';
import { Filters1795000001080 } from './1080-filters.migration';
import { DriftDetections1795000001090 } from './1090-drift-detections.migration';
import { Tenants1795000001100 } from './1100-tenants.migration';
import { SagaApprovals1795000001110 } from './1110-saga-approvals.migration';
import { TenantLimits1795000001111 } from './1111-tenant-limits.migration';
import { ListPrices1795000001120 } from './1120-list-prices.migration';
import { ResourcePrices1795000001121 } from './1121-resource-prices.migration';
import { Events1795000001130 } from './1130-events.migration';
import { ProtectedResources1795000001140 } from './1140-protected-resources.migration';
import { PowerOfMachines1795000001141 } from './1141-power-of-machines.migration';
import { SagaPlans1795000001150 } from './1150-saga-plans.migration';
import { ReadablePrices1795000001160 } from './1160-readable-prices.migration';
import { OrdersOfResources1795000001170 } from './1170-orders-of-resources.migration';
import { UnavailableLists1795000001180 } from './1180-unavailable-lists.migration';
import { BillingProfiles1795000001190 } from './1190-billing-profiles.migration';
import { RateCards1795000001191 } from './1191-rate-cards.migration';
import { Rating1795000001192 } from './1192-rating.migration';
import { TenantInvoices1795000001200 } from './1200-tenant-invoices.migration';
import { TaxRules1795000001210 } from './1210-tax-rules.migration';
import { MoneyIn1795000001211 } from './1211-money-in.migration';
import { DocumentFiles1795000001220 } from './1220-document-files.migration';
import { SagaVerbs1795000001230 } from './1230-saga-verbs.migration';
import { Webhooks1795000001240 } from './1240-webhooks.migration';
import { Notifications1795000001241 } from './1241-notifications.migration';
import { AttributionRules1795000001300 } from './1300-attribution-rules.migration';
import { IssueDates1795000001310 } from './1310-issue-dates.migration';
import { DeliveriesOfRequests1795000001320 } from './1320-deliveries-of-requests.migration';
import { MovedResources1795000001321 } from './1321-moved-resources.migration';
import { RevertsOfProducts1795000001322 } from './1322-reverts-of-products.migration';
import { PausedWebhooks1795000001323 } from './1323-paused-webhooks.migration';
import { ReadablePauses1795000001324 } from './1324-readable-pauses.migration';
import { EndedResources1795000001325 } from './1325-ended-resources.migration';
import { LargeInventories1795000001330 } from './1330-large-inventories.migration';
import { CostRollups1795000001331 } from './1331-cost-rollups.migration';
import { FoundByIndex1795000001332 } from './1332-found-by-index.migration';
import { UnusedLists1795000001365 } from './1365-unused-lists.migration';
import { StreamPlaces1795000001366 } from './1366-stream-places.migration';
import { IssuerLogos1795000001371 } from './1371-issuer-logos.migration';
import { RouteLimits1795000001381 } from './1381-route-limits.migration';
import { ScopeOfPlatform1795000001390 } from './1390-scope-of-platform.migration';
import { SagaLookUps1795000001415 } from './1415-saga-look-ups.migration';
import { PostponedBulkItems1795000001416 } from './1416-postponed-bulk-items.migration';
import { DefaultRateCards1795000001420 } from './1420-default-rate-cards.migration';
import { BillingByIndex1795000001421 } from './1421-billing-by-index.migration';
import { TenantClosures1795000001422 } from './1422-tenant-closures.migration';
import { FormerMembers1795000001425 } from './1425-former-members.migration';
import { DunningBeginsAgain1795000001430 } from './1430-dunning-begins-again.migration';

/** Every migration, oldest first. Released ones never change: a correction is a new migration. */
export const migrations = [
  AccountsAndProjects1795000001001,
  Inventory1795000001002,
  ProviderBudget1795000001003,
  Audit1795000001004,
  ProviderActions1795000001005,
  Sagas1795000001006,
  Catalogue1795000001007,
  RegisteredResources1795000001008,
  Provisioning1795000001009,
  Strays1795000001010,
  Balance1795000001011,
  Costs1795000001012,
  Drift1795000001020,
  ChainedRecords1795000001030,
  EarlierRecords1795000001031,
  Retention1795000001032,
  EventMonths1795000001033,
  SagaTraces1795000001040,
  Restores1795000001045,
  NamesOfTables1795000001046,
  UnreadableItems1795000001050,
  SagaWrites1795000001060,
  WholeOrders1795000001061,
  ReadingFailures1795000001070,
  Filters1795000001080,
  DriftDetections1795000001090,
  Tenants1795000001100,
  SagaApprovals1795000001110,
  TenantLimits1795000001111,
  ListPrices1795000001120,
  ResourcePrices1795000001121,
  Events1795000001130,
  ProtectedResources1795000001140,
  PowerOfMachines1795000001141,
  SagaPlans1795000001150,
  ReadablePrices1795000001160,
  OrdersOfResources1795000001170,
  UnavailableLists1795000001180,
  BillingProfiles1795000001190,
  RateCards1795000001191,
  Rating1795000001192,
  TenantInvoices1795000001200,
  TaxRules1795000001210,
  MoneyIn1795000001211,
  DocumentFiles1795000001220,
  SagaVerbs1795000001230,
  Webhooks1795000001240,
  Notifications1795000001241,
  AttributionRules1795000001300,
  IssueDates1795000001310,
  DeliveriesOfRequests1795000001320,
  MovedResources1795000001321,
  RevertsOfProducts1795000001322,
  PausedWebhooks1795000001323,
  ReadablePauses1795000001324,
  EndedResources1795000001325,
  LargeInventories1795000001330,
  CostRollups1795000001331,
  FoundByIndex1795000001332,
  UnusedLists1795000001365,
  StreamPlaces1795000001366,
  IssuerLogos1795000001371,
  RouteLimits1795000001381,
  ScopeOfPlatform1795000001390,
  SagaLookUps1795000001415,
  PostponedBulkItems1795000001416,
  DefaultRateCards1795000001420,
  BillingByIndex1795000001421,
  TenantClosures1795000001422,
  FormerMembers1795000001425,
  DunningBeginsAgain1795000001430,
];
