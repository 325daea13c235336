import { newTestWorld, type TestWorld } from '../../support/simulator-world';

describe('droplet actions', () => {
  let world: TestWorld;
  let id: number;

  beforeEach(async () => {
    world = await newTestWorld({ empty: true });
    const spec = { name: 'web-01', size: 's-1vcpu-2gb', image: 'debian-12-x64', region: 'fra1' };
    id = (await world.call('POST', '/v2/droplets', spec)).body.droplet.id;
    await world.control.advance(60_000);
  });
  afterEach(() => world.close());

  const act = (type: string, input: object = {}): ReturnType<TestWorld['call']> =>
    world.call('POST', `/v2/droplets/${id}/actions`, { type, ...input });
  const droplet = async () => (await world.call('GET', `/v2/droplets/${id}`)).body.droplet;
  const settle = (): Promise<unknown> => world.control.advance(60_000);
  const done = async (type: string, input: object = {}): Promise<void> => {
    expect((await act(type, input)).status).toBe(201);
    await settle();
  };

  it('assigns action ids above 2^31', async () => {
    expect((await act('reboot')).body.action.id).toBeGreaterThan(3_100_000_000);
  });

  it('accepts one action at a time: others and the destroy are refused until it ends', async () => {
    expect((await act('reboot')).status).toBe(201);
    expect(await act('power_off')).toMatchObject({ status: 422, body: { message: 'Droplet already has a pending event.' } });
    expect((await world.call('DELETE', `/v2/droplets/${id}`)).status).toBe(422);
    await settle();
    expect((await world.call('DELETE', `/v2/droplets/${id}`)).status).toBe(204);
  });

  it('returns 404 for a new action at first, and lists the newest first', async () => {
    const { action } = (await act('reboot')).body;
    expect((await world.call('GET', `/v2/actions/${action.id}`)).status).toBe(404);
    await settle();
    const { actions } = (await world.call('GET', '/v2/actions')).body;
    expect(actions.map(({ type }) => type)).toEqual(['reboot', 'create']);
    expect((await world.call('GET', `/v2/droplets/${id}/actions`)).body.actions[0]).toMatchObject({ id: action.id, status: 'completed' });
  });

  it('completes an action before the status changes', async () => {
    await world.control.delay({ power_action_ms: 1_000, droplet_status_ms: 5_000 });
    const { action } = (await act('power_off')).body;
    await world.control.advance(1_000);
    expect((await world.call('GET', `/v2/actions/${action.id}`)).body.action.status).toBe('completed');
    expect((await droplet()).status).toBe('active');
    expect(await act('power_off')).toMatchObject({ status: 422, body: { message: 'Droplet is already powered off' } });
    await world.control.advance(5_000);
    expect((await droplet()).status).toBe('off');
  });

  it('keeps completed_at null for a delay on the URL of the droplet only', async () => {
    await world.control.delay({ action_completed_at_ms: 120_000 });
    const { action } = (await act('reboot')).body;
    await settle();
    const own = (await world.call('GET', `/v2/droplets/${id}/actions/${action.id}`)).body.action;
    const plain = (await world.call('GET', `/v2/actions/${action.id}`)).body.action;
    expect(own).toMatchObject({ status: 'completed', completed_at: null });
    expect(plain).toMatchObject({ status: 'completed', completed_at: expect.any(String) });
  });

  it('resizes only a droplet that is off, and resizes back only when the disk was kept', async () => {
    expect(await act('resize', { size: 's-2vcpu-4gb' })).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('currently on') },
    });
    await done('power_off');
    await done('resize', { size: 's-2vcpu-4gb', disk: false });
    expect(await droplet()).toMatchObject({ size_slug: 's-2vcpu-4gb', disk: 50, status: 'off' });
    await done('resize', { size: 's-1vcpu-2gb', disk: false });
    await done('resize', { size: 's-2vcpu-4gb', disk: true });
    expect(await droplet()).toMatchObject({ size_slug: 's-2vcpu-4gb', disk: 80 });
    expect(await act('resize', { size: 's-1vcpu-2gb' })).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('decrease') },
    });
  });

  it('lists a snapshot after its action has completed; the action does not name it', async () => {
    await world.control.delay({ snapshot_action_ms: 1_000, snapshot_listed_ms: 5_000 });
    const { action } = (await act('snapshot', { name: 'before-upgrade' })).body;
    await world.control.advance(1_000);
    expect((await world.call('GET', `/v2/actions/${action.id}`)).body.action.status).toBe('completed');
    expect((await world.call('GET', `/v2/droplets/${id}/snapshots`)).body.snapshots).toEqual([]);
    await world.control.advance(5_000);
    const [snapshot] = (await world.call('GET', `/v2/droplets/${id}/snapshots`)).body.snapshots;
    expect(snapshot).toMatchObject({ name: 'before-upgrade', id: expect.any(Number), type: 'snapshot' });
    expect((await droplet()).snapshot_ids).toEqual([snapshot?.id]);
    expect((await world.call('GET', '/v2/images?private=true')).body.images).toMatchObject([{ name: 'before-upgrade' }]);
  });

  it('renames a droplet, and enables and disables its backups', async () => {
    await done('rename', { name: 'web-02' });
    await done('enable_backups');
    expect(await droplet()).toMatchObject({
      name: 'web-02',
      features: expect.arrayContaining(['backups']),
      next_backup_window: { start: expect.any(String) },
    });
    expect((await act('enable_backups')).status).toBe(422);
    await done('disable_backups');
    expect(await droplet()).toMatchObject({ next_backup_window: null });
  });

  it('completes a shutdown that the guest ignores, and leaves the droplet on', async () => {
    const { droplets } = await world.control.account();
    await world.control.change({ droplets: droplets.map((record) => ({ ...record, ignores_shutdown: true })) });
    await done('shutdown');
    expect((await droplet()).status).toBe('active');
  });

  it.each(['power_on', 'no_such_type'])('refuses %s of a running droplet', async (type) => {
    expect((await act(type)).status).toBe(422);
  });
});
