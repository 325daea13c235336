import { Dunning, NotificationRequests, Payments } from '#libs/tenant-billing';
import { TenantRegistry, TenantWriter } from '#libs/tenants';
import { until } from '../../support/until';
import { areWaiting } from '../../support/waiting-transactions';
import { newMoneyWorld, payment, type MoneyWorld } from './money-world';
import { BECAUSE } from './rating-world';

let world: MoneyWorld;
beforeAll(async () => {
  world = await newMoneyWorld(['birch', 'elm']);
});
afterAll(() => world.close());

describe('reminding', () => {
  const reasonOf = async (tenant: string) => (await world.service(TenantRegistry).get(tenant)).orders_blocked_reason;
  const kindsOf = async (tenant_id: string) => {
    const { data } = await world.service(NotificationRequests).list({ limit: 200 }, { tenant_id });
    return data.map(({ kind }) => kind).sort();
  };

  it('takes each step of an invoice once, also when two workers do it at the same time, and blocks orders until it is paid', async () => {
    const id = await world.issued({ tenant: 'elm', nets: [10_000], overdue: 25 });
    const dunning = world.service(Dunning);
    await Promise.all([dunning.run(), dunning.run()]);
    expect(await dunning.run()).toBe(0);
    expect(await kindsOf('elm')).toEqual(['dunning_block_orders', 'dunning_notify_admin', 'dunning_remind']);
    expect(await reasonOf('elm')).toContain('is overdue');
    await world.pay(id, payment(1_000));
    expect(await reasonOf('elm')).toContain('is overdue');
    await world.pay(id, payment(10_000));
    expect(await reasonOf('elm')).toBeNull();
    expect(await dunning.run()).toBe(0);
  });

  it('leaves the block of somebody else, and keeps the tenant blocked for another overdue invoice', async () => {
    const dunning = world.service(Dunning);
    const [one, two] = [
      await world.issued({ tenant: 'elm', nets: [100], overdue: 22 }),
      await world.issued({ tenant: 'elm', nets: [200], overdue: 21 }),
    ];
    await dunning.run();
    await world.pay(one, payment(110));
    expect(await reasonOf('elm')).toContain('is overdue');
    await world.service(TenantWriter).update('elm', { orders_blocked_reason: 'a dispute' }, BECAUSE);
    await world.pay(two, payment(220));
    expect(await reasonOf('elm')).toBe('a dispute');
  });

  it('ends the block when both of the overdue invoices that blocked are settled at the same time', async () => {
    await world.service(TenantWriter).update('birch', { orders_blocked_reason: null }, BECAUSE);
    const both = [
      await world.issued({ tenant: 'birch', nets: [100], overdue: 22 }),
      await world.issued({ tenant: 'birch', nets: [200], overdue: 21 }),
    ];
    await world.service(Dunning).run();
    expect(await reasonOf('birch')).toContain('is overdue');
    await world.owner.query('begin');
    await world.owner.query(`select id from tenants where id = 'birch' for no key update`);
    const settled = Promise.all(both.map((id, at) => world.pay(id, payment(110 * (at + 1)))));
    await until(() => areWaiting(world.owner, 2), { what: 'both payments waiting for the tenant' });
    await world.owner.query('commit');
    await settled;
    expect(await reasonOf('birch')).toBeNull();
  });

  it('begins anew with an invoice that a returned payment makes due again', async () => {
    const [dunning, tenant] = [world.service(Dunning), 'birch'];
    const id = await world.issued({ tenant, nets: [100], overdue: 25 });
    await dunning.run();
    const before = await kindsOf(tenant);
    const paid = payment(110);
    await world.pay(id, paid);
    expect(await reasonOf(tenant)).toBeNull();
    const { rows } = await world.owner.query<{ id: string }>('select id from payments where invoice_id = $1', [id]);
    await world.pay(id, { ...payment(110), kind: 'reversed', payment_id: rows[0]?.id ?? '' });
    await dunning.run();
    expect(await reasonOf(tenant)).toContain('is overdue');
    expect(await kindsOf(tenant)).toHaveLength(before.length + 3);
    const { rows: events } = await world.owner.query(`select 1 from events where type = 'tenant_invoice.overdue' and subject_id = $1`, [
      id,
    ]);
    expect(events).toHaveLength(2);
    await world.pay(id, payment(110));
  });

  it('blocks orders for an overdue invoice once the block of somebody else is lifted', async () => {
    const [dunning, tenant] = [world.service(Dunning), 'birch'];
    await world.service(TenantWriter).update(tenant, { orders_blocked_reason: 'a dispute' }, BECAUSE);
    const id = await world.issued({ tenant, nets: [100], overdue: 25 });
    await dunning.run();
    expect(await reasonOf(tenant)).toBe('a dispute');
    await world.service(TenantWriter).update(tenant, { orders_blocked_reason: null }, BECAUSE);
    await dunning.run();
    expect(await reasonOf(tenant)).toContain('is overdue');
    await world.pay(id, payment(110));
    expect(await reasonOf(tenant)).toBeNull();
  });

  it('does nothing to invoices that are not overdue long enough, paid or written off', async () => {
    const before = (await kindsOf('birch')).length;
    await world.issued({ tenant: 'birch', nets: [100], overdue: 2 });
    const written = await world.issued({ tenant: 'birch', nets: [100], overdue: 30 });
    await world.service(Payments).writeOff(written, (await world.invoice(written)).version, BECAUSE);
    await world.service(Dunning).run();
    expect(await kindsOf('birch')).toHaveLength(before);
  });
});
