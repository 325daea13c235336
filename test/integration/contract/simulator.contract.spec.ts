import { type RunningSimulator, startSimulator } from '../../../apps/simulator/src';
import { ENDPOINT_GROUPS, PRODUCT_GROUPS } from '../../../apps/simulator/src/endpoints/endpoints';
import { HOW_TO_GET, loadOpenApiDocument } from './openapi-document';
import { checkedCalls, undriven } from './simulator-calls';
import { COST_GROUPS, RESOURCE_GROUPS } from './simulator-resources';

const document = loadOpenApiDocument();

if (document === undefined) {
  console.warn(HOW_TO_GET);
  describe('the simulator against the official document', () => {
    it(`SKIPPED: ${HOW_TO_GET}`, () => {
      expect(document).toBeUndefined();
    });
  });
} else {
  describe('the simulator against the official document', () => {
    let simulator: RunningSimulator;
    const call = checkedCalls(() => simulator);
    const advance = (ms: number) =>
      fetch(`${simulator.url}/_simulator/clock`, { method: 'POST', body: JSON.stringify({ advance_ms: ms }) });
    const firstDropletId = async (): Promise<number | undefined> => (await call('GET', '/v2/droplets?per_page=1')).body.droplets[0]?.id;

    beforeAll(async () => {
      simulator = await startSimulator();
      await fetch(`${simulator.url}/_simulator/account`, {
        method: 'PUT',
        body: JSON.stringify({ limits: { per_minute: 100_000, per_hour: 100_000 } }),
      });
    });
    afterAll(() => simulator.close());

    it.each([
      '/v2/account',
      '/v2/account/keys?per_page=200',
      '/v2/account/keys/512189',
      '/v2/projects',
      '/v2/projects?per_page=5&page=2',
      '/v2/projects/default',
      '/v2/projects/default/resources',
      '/v2/droplets?per_page=200',
      '/v2/droplets?per_page=7&page=3',
      '/v2/droplets?tag_name=web',
      '/v2/droplets?name=acme-web-01',
      '/v2/droplets?type=gpus',
      '/v2/droplets?per_page=200&page=99',
      '/v2/actions?per_page=200',
      '/v2/tags?per_page=200',
      '/v2/tags/web',
      '/v2/sizes?per_page=200',
      '/v2/regions?per_page=200',
      '/v2/images?per_page=200',
      '/v2/images?type=distribution',
      '/v2/images?type=application',
      '/v2/images?private=true&per_page=200',
      '/v2/images/ubuntu-24-04-x64',
      '/v2/images/155133621',
    ])('returns a documented response to GET %s', async (path) => {
      expect((await call('GET', path)).status).toBe(200);
    });

    it('returns the members of every project as documented, including unknown kinds, not_found and service_down', async () => {
      const { body } = await call('GET', '/v2/projects?per_page=200');
      const statuses = new Set<string>();
      for (const { id } of body.projects) {
        const members = (await call('GET', `/v2/projects/${id}/resources?per_page=200`)).body.resources;
        for (const { status } of members) statuses.add(status);
      }
      expect([...statuses].sort()).toEqual(['not_found', 'ok', 'service_down']);
    });

    it('follows the documented lifecycle of a project', async () => {
      const { body } = await call('POST', '/v2/projects', { body: { name: 'Walk', purpose: 'A walk', environment: 'Staging' } });
      const { project } = body;
      expect(project).toMatchObject({ name: 'Walk', purpose: 'Other: A walk', is_default: false });
      const fields = { name: 'Walked', description: 'd', purpose: 'IoT', environment: 'Production', is_default: false };
      expect((await call('PUT', `/v2/projects/${project.id}`, { body: fields })).status).toBe(200);
      expect((await call('PATCH', `/v2/projects/${project.id}`, { body: { description: 'e' } })).status).toBe(200);
      const urn = `do:droplet:${await firstDropletId()}`;
      const assigned = await call('POST', `/v2/projects/${project.id}/resources`, { body: { resources: [urn] } });
      expect(assigned.body.resources).toMatchObject([{ urn, status: 'assigned' }]);
      await advance(2_000);
      expect((await call('DELETE', `/v2/projects/${project.id}`)).status).toBe(412);
      await call('POST', '/v2/projects/default/resources', { body: { resources: [urn] } });
      await advance(2_000);
      expect((await call('DELETE', `/v2/projects/${project.id}`)).status).toBe(204);
    });

    it('follows the documented lifecycle of a droplet from create to destroy', async () => {
      const body = {
        name: 'walk-01',
        size: 's-1vcpu-1gb',
        image: 'ubuntu-24-04-x64',
        region: 'fra1',
        tags: ['walk'],
        user_data: '#!/bin/sh',
      };
      const created = await call('POST', '/v2/droplets', { body });
      expect(created.status).toBe(202);
      const { id } = created.body.droplet;
      expect((await call('GET', `/v2/droplets/${id}`)).status).toBe(404);
      await advance(6_000);
      expect((await call('GET', `/v2/droplets/${id}`)).status).toBe(200);
      for (const type of [
        'power_off',
        'power_on',
        'reboot',
        'enable_backups',
        'disable_backups',
        'enable_ipv6',
        'password_reset',
      ] as const) {
        const { body: answer, status } = await call('POST', `/v2/droplets/${id}/actions`, { body: { type } });
        expect(status).toBe(201);
        await advance(20_000);
        const { action } = answer;
        expect((await call('GET', `/v2/droplets/${id}/actions/${action.id}`)).status).toBe(200);
        expect((await call('GET', `/v2/actions/${action.id}`)).body.action).toMatchObject({ status: 'completed', type });
      }
      await call('POST', `/v2/droplets/${id}/actions`, { body: { type: 'snapshot', name: 'walk' } });
      await advance(20_000);
      for (const list of ['snapshots', 'backups', 'actions', 'backups/policy'])
        expect((await call('GET', `/v2/droplets/${id}/${list}`)).status).toBe(200);
      expect((await call('GET', '/v2/droplets/backups/policies?per_page=200')).body.policies).toHaveProperty(String(id));
      const { body: byTag } = await call('POST', '/v2/droplets/actions?tag_name=walk', { body: { type: 'power_cycle' } });
      expect(byTag.actions).toHaveLength(1);
      await advance(20_000);
      expect((await call('DELETE', `/v2/droplets/${id}`)).status).toBe(204);
    });

    it('creates several droplets and destroys them by tag as documented', async () => {
      const body = { names: ['many-1', 'many-2'], size: 's-1vcpu-1gb', image: 155_133_621, tags: ['many'], backups: true, ipv6: true };
      const created = await call('POST', '/v2/droplets', { body });
      expect(created.body.droplets).toHaveLength(2);
      await advance(20_000);
      expect((await call('DELETE', '/v2/droplets?tag_name=many')).status).toBe(204);
    });

    it('follows the documented lifecycle of an SSH key', async () => {
      const body = { name: 'walk', public_key: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIWalk walk@agency' };
      const made = await call('POST', '/v2/account/keys', { body });
      expect(made.status).toBe(201);
      const { id } = made.body.ssh_key as { id: number };
      expect(await call('POST', '/v2/account/keys', { body, refused: true })).toMatchObject({ status: 422 });
      expect((await call('PUT', `/v2/account/keys/${id}`, { body: { name: 'walked' } })).body.ssh_key).toMatchObject({ name: 'walked' });
      expect((await call('DELETE', `/v2/account/keys/${id}`)).status).toBe(204);
      expect((await call('DELETE', `/v2/account/keys/${id}`)).status).toBe(404);
    });

    it('follows the documented lifecycle of a tag', async () => {
      expect((await call('POST', '/v2/tags', { body: { name: 'walk:tag' } })).status).toBe(201);
      const resources = [{ resource_id: String(await firstDropletId()), resource_type: 'droplet' }];
      expect((await call('POST', '/v2/tags/walk:tag/resources', { body: { resources } })).status).toBe(204);
      expect((await call('DELETE', '/v2/tags/walk:tag/resources', { body: { resources } })).status).toBe(204);
      expect((await call('DELETE', '/v2/tags/walk:tag')).status).toBe(204);
    });

    it.each([
      ['GET', '/v2/droplets/1', undefined, 404, 'not_found'],
      ['GET', '/v2/droplets?tag_name=web&type=gpus', undefined, 400, 'bad_request'],
      ['DELETE', '/v2/droplets/1', undefined, 404, 'not_found'],
      ['DELETE', '/v2/droplets?tag_name=', undefined, 422, 'unprocessable_entity'],
      ['GET', '/v2/actions/1', undefined, 404, 'not_found'],
      ['GET', '/v2/images/no-such-image', undefined, 404, 'not_found'],
      ['GET', '/v2/tags/no-such-tag', undefined, 404, 'not_found'],
      ['GET', '/v2/projects/4e1bfbc3-dc3e-41f2-a18f-1b4d7ba71679', undefined, 404, 'not_found'],
      ['POST', '/v2/projects/default/resources', { resources: ['droplet:1'] }, 400, 'bad_request'],
      ['POST', '/v2/projects', { name: 'Northwind internal', purpose: 'x' }, 409, 'conflict'],
      ['POST', '/v2/droplets', { name: 'bad name', size: 's-1vcpu-1gb', image: 'debian-12-x64' }, 422, 'unprocessable_entity'],
      ['POST', '/v2/droplets', { name: 'a', size: 'no-such-size', image: 'debian-12-x64' }, 422, 'unprocessable_entity'],
      ['POST', '/v2/droplets', undefined, 400, 'bad_request'],
    ])('refuses %s %s with a documented error', async (method, path, body, status, id) => {
      const answer = await call(method, path, { body, refused: true });
      expect({ status: answer.status, id: answer.body.id }).toEqual({ status, id });
    });

    it('refuses a tag with an invalid name with the special error body of tags', async () => {
      const answer = await call('POST', '/v2/tags', { body: { name: 'здорово' }, refused: true });
      expect(answer).toMatchObject({ status: 400, body: { messages: null } });
    });

    it('returns a documented 401 without a known token', async () => {
      const answer = await call('GET', '/v2/droplets', { token: 'dop_v1_wrong' });
      expect(answer).toMatchObject({ status: 401, body: { id: 'unauthorized' } });
    });

    it('has called every endpoint of the simulator', () => {
      expect(
        undriven(ENDPOINT_GROUPS.filter((family) => ![...RESOURCE_GROUPS, ...PRODUCT_GROUPS, ...COST_GROUPS].includes(family))),
      ).toEqual([]);
    });
  });
}
