import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link } from '@tanstack/react-router';
import { Card, PageHead, Screen } from '../parts/page';
import { EmptyState, ErrorState } from '../parts/states';
import { anyFilters, filtersText, parseFilters } from './search';
import { Shell } from './shell';
import { TEXTS } from './texts';

const root = createRootRoute({
  component: Shell,
  notFoundComponent: () => (
    <Screen>
      <PageHead title={TEXTS.notFound.title} />
      <Card label={TEXTS.notFound.title}>
        <EmptyState
          title={TEXTS.notFound.hint}
          action={
            <Link to="/" className="btn">
              {TEXTS.notFound.start}
            </Link>
          }
        />
      </Card>
    </Screen>
  ),
});

const at = <const Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component, validateSearch: anyFilters });

const routes = root.addChildren([
  at(
    '/',
    lazyRouteComponent(() => import('../screens/home/home-screen'), 'StartScreen'),
  ),
  at(
    '/overview',
    lazyRouteComponent(() => import('../screens/home/home-screen'), 'HomeScreen'),
  ),
  at(
    '/events',
    lazyRouteComponent(() => import('../screens/events/events-screen'), 'EventsScreen'),
  ),
  at(
    '/costs',
    lazyRouteComponent(() => import('../screens/costs/costs-screen'), 'CostsScreen'),
  ),
  at(
    '/invoices',
    lazyRouteComponent(() => import('../screens/invoices/invoices-screen'), 'InvoicesScreen'),
  ),
  at(
    '/invoices/new',
    lazyRouteComponent(() => import('../screens/invoices/new-invoice-screen'), 'NewInvoiceScreen'),
  ),
  at(
    '/invoices/$id',
    lazyRouteComponent(() => import('../screens/invoices/invoice-screen'), 'InvoiceScreen'),
  ),
  at(
    '/provider-invoices',
    lazyRouteComponent(() => import('../screens/provider-invoices/provider-invoices-screen'), 'ProviderInvoicesScreen'),
  ),
  at(
    '/provider-invoices/$id',
    lazyRouteComponent(() => import('../screens/provider-invoices/provider-invoice-screen'), 'ProviderInvoiceScreen'),
  ),
  at(
    '/cost-lines',
    lazyRouteComponent(() => import('../screens/provider-invoices/cost-lines-screen'), 'CostLinesScreen'),
  ),
  at(
    '/pnl',
    lazyRouteComponent(() => import('../screens/pnl/pnl-screen'), 'PnlScreen'),
  ),
  at(
    '/month-runs',
    lazyRouteComponent(() => import('../screens/month-runs/month-run-screen'), 'MonthRunScreen'),
  ),
  at(
    '/rate-cards',
    lazyRouteComponent(() => import('../screens/rate-cards/rate-cards-screen'), 'RateCardsScreen'),
  ),
  at(
    '/rate-cards/$id',
    lazyRouteComponent(() => import('../screens/rate-cards/rate-card-screen'), 'RateCardScreen'),
  ),
  at(
    '/rate-cards/$id/edit',
    lazyRouteComponent(() => import('../screens/rate-cards/version-editor'), 'VersionEditorScreen'),
  ),
  at(
    '/rate-overrides',
    lazyRouteComponent(() => import('../screens/rate-cards/rate-overrides-screen'), 'RateOverridesScreen'),
  ),
  at(
    '/list-prices',
    lazyRouteComponent(() => import('../screens/rate-cards/list-prices-screen'), 'ListPricesScreen'),
  ),
  at(
    '/payments',
    lazyRouteComponent(() => import('../screens/payments/payments-screen'), 'PaymentsScreen'),
  ),
  at(
    '/credit-notes',
    lazyRouteComponent(() => import('../screens/payments/credit-notes-screen'), 'CreditNotesScreen'),
  ),
  at(
    '/wallets',
    lazyRouteComponent(() => import('../screens/payments/wallets-screen'), 'WalletsScreen'),
  ),
  at(
    '/billing-settings',
    lazyRouteComponent(() => import('../screens/billing-settings/billing-settings-screen'), 'BillingSettingsScreen'),
  ),
  at(
    '/inventory',
    lazyRouteComponent(() => import('../screens/inventory/inventory-screen'), 'InventoryScreen'),
  ),
  at(
    '/resources/$id',
    lazyRouteComponent(() => import('../screens/resource/resource-screen'), 'ResourceScreen'),
  ),
  at(
    '/sagas',
    lazyRouteComponent(() => import('../screens/sagas/sagas-screen'), 'SagasScreen'),
  ),
  at(
    '/sagas/$id',
    lazyRouteComponent(() => import('../screens/saga/saga-screen'), 'SagaScreen'),
  ),
  at(
    '/sagas/bulk',
    lazyRouteComponent(() => import('../screens/sagas/bulk-jobs-screen'), 'BulkJobsScreen'),
  ),
  at(
    '/sagas/bulk/$id',
    lazyRouteComponent(() => import('../screens/sagas/bulk-job-screen'), 'BulkJobScreen'),
  ),
  at(
    '/order',
    lazyRouteComponent(() => import('../screens/order/order-screen'), 'OrderScreen'),
  ),
  at(
    '/drift',
    lazyRouteComponent(() => import('../screens/drift/drift-screen'), 'DriftScreen'),
  ),
  at(
    '/drift-rules',
    lazyRouteComponent(() => import('../screens/drift/drift-rules-screen'), 'DriftRulesScreen'),
  ),
  at(
    '/inbox',
    lazyRouteComponent(() => import('../screens/inbox/inbox-screen'), 'InboxScreen'),
  ),
  at(
    '/sweeps',
    lazyRouteComponent(() => import('../screens/sweeps/sweeps-screen'), 'SweepsScreen'),
  ),
  at(
    '/sweeps/$id',
    lazyRouteComponent(() => import('../screens/sweeps/sweep-screen'), 'SweepScreen'),
  ),
  at(
    '/projects',
    lazyRouteComponent(() => import('../screens/projects/projects-screen'), 'ProjectsScreen'),
  ),
  at(
    '/ownership-rules',
    lazyRouteComponent(() => import('../screens/projects/ownership-rules-screen'), 'OwnershipRulesScreen'),
  ),
  at(
    '/ownership-moves',
    lazyRouteComponent(() => import('../screens/projects/ownership-moves-screen'), 'OwnershipMovesScreen'),
  ),
  at(
    '/audit',
    lazyRouteComponent(() => import('../screens/audit/audit-screen'), 'AuditScreen'),
  ),
  at(
    '/provider',
    lazyRouteComponent(() => import('../screens/provider/provider-screen'), 'ProviderScreen'),
  ),
  at(
    '/dns',
    lazyRouteComponent(() => import('../screens/dns/zones-screen'), 'ZonesScreen'),
  ),
  at(
    '/dns/$id',
    lazyRouteComponent(() => import('../screens/dns/zone-screen'), 'ZoneScreen'),
  ),
  at(
    '/expiring',
    lazyRouteComponent(() => import('../screens/expiring/expiring-screen'), 'ExpiringScreen'),
  ),
  at(
    '/kinds',
    lazyRouteComponent(() => import('../screens/kinds/kinds-screen'), 'KindsScreen'),
  ),
  at(
    '/webhooks',
    lazyRouteComponent(() => import('../screens/webhooks/webhooks-screen'), 'WebhooksScreen'),
  ),
  at(
    '/webhooks/$id',
    lazyRouteComponent(() => import('../screens/webhooks/webhook-screen'), 'WebhookScreen'),
  ),
  at(
    '/notifications',
    lazyRouteComponent(() => import('../screens/notifications/notifications-screen'), 'NotificationsScreen'),
  ),
  at(
    '/tenants',
    lazyRouteComponent(() => import('../screens/tenants/tenants-screen'), 'TenantsScreen'),
  ),
  at(
    '/tenants/$id',
    lazyRouteComponent(() => import('../screens/tenants/tenant-screen'), 'TenantScreen'),
  ),
]);

/** One chunk for each screen. Every address below `/console` is the same page, and this decides what it shows. */
export function createConsoleRouter() {
  return createRouter({
    routeTree: routes,
    basepath: '/console',
    parseSearch: parseFilters,
    stringifySearch: filtersText,
    defaultPreload: 'intent',
    defaultPendingMs: 150,
    defaultErrorComponent: ({ error, reset }) => (
      <Screen>
        <PageHead title={TEXTS.crash} />
        <Card label={TEXTS.crash}>
          <ErrorState error={error instanceof Error ? error : new Error(String(error))} retry={reset} />
        </Card>
      </Screen>
    ),
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
