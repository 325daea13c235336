import { until } from '../../support/until';
import type { Stack } from './console-world';

interface Started {
  readonly data: { readonly id: string; readonly status: string; readonly actions: readonly string[] };
}
interface Droplets {
  readonly droplets: readonly { readonly id: number; readonly name: string; readonly tags: readonly string[] }[];
}
/** Steps that cannot end by themselves. */
export function stepJobs({ world, open }: Stack): void {
  const start = async (kind: string, input: unknown) =>
    (await world().call<Started>('tenant', '/api/v1/sagas', { method: 'POST', body: { kind, input } })).data.id;
  const actionsOf = async (id: string) => (await world().call<Started>('admin', `/api/v1/sagas/${id}`)).data.actions;

  it('completes a step of a paused saga whose outcome is unknown: one admin gives its output, another one approves it [OPV-3]', async () => {
    const name = 'acme-by-hand-01';
    const listed = async (query = '') => (await world().atProvider<Droplets>(`/v2/droplets?per_page=200${query}`)).droplets;
    const create = { method: 'POST', path: '/v2/droplets' };
    // The droplet is created, and no answer comes back.
    await world().faults([
      { id: 'held', match: create, times: 1, effect: { type: 'hold', after: 'effect' } },
      { id: 'lost', match: create, times: 1, effect: { type: 'lose_answer' } },
    ]);
    const id = await start('provision_droplet', { name, size_slug: 's-1vcpu-1gb', region: 'fra1', image: 'ubuntu-24-04-x64' });
    const watched = await open('admin', `/sagas/${id}`);
    const { page } = watched;
    const dialog = page.getByRole('dialog');
    await until(async () => (await world().faults()).some(({ held }) => held > 0), { what: 'the request to create the droplet' });
    await page.getByRole('button', { name: 'Pause…' }).click();
    await dialog.getByLabel('Reason').fill('the provider does not answer');
    await dialog.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.locator('.head .pill.wait', { hasText: 'Paused' }).waitFor();
    await world().faults([]);
    await until(async () => (await actionsOf(id)).includes('complete-with-output'), { what: 'the end of the step in flight' });
    const made = await until(async () => (await listed()).find((droplet) => droplet.name === name), { what: 'the droplet in the list' });
    const tag = made.tags.find((one) => one.includes(id)) ?? 'no tag of the saga';
    await until(async () => (await listed(`&tag_name=${encodeURIComponent(tag)}`)).length === 1, { what: 'the droplet by its tag' });

    await page.getByRole('button', { name: 'More actions' }).click();
    await page.getByRole('menuitem', { name: 'Complete the step by hand…' }).click();
    const propose = async (dropletId: number) => {
      await dialog.getByLabel('What it has done').fill(JSON.stringify({ droplet_id: String(dropletId) }));
      await dialog.getByLabel('Reason').fill('it is in the panel of the provider');
      await dialog.getByRole('button', { name: 'Ask for approval' }).click();
    };
    await propose(1);
    await dialog.getByRole('alert').getByText(`DigitalOcean lists no droplet 1 with the tag ${tag}`).waitFor();
    watched.faults.splice(0); // of the refusal
    expect(await watched.axeInBothSchemes('output of a step')).toEqual([]);
    await propose(made.id);
    await page.getByText('The output of a step waits for a decision').waitFor();
    expect(await page.getByRole('button', { name: 'Approve…' }).count()).toBe(0); // not by the one who gave it

    const other = (await open('second admin', '/inbox')).page;
    await other.getByRole('button', { name: /asks for approval: the output of “Create droplet” in Create acme-by-hand-01/ }).click();
    await other.getByRole('button', { name: 'Approve…' }).click();
    await other.getByRole('dialog').getByText(`"droplet_id": "${made.id}"`).waitFor(); // prettier-ignore
    await other.getByRole('dialog').getByRole('button', { name: 'Approve the output' }).click();
    await other.getByRole('dialog').waitFor({ state: 'hidden' });
    await other.getByRole('status').filter({ hasText: 'Approved: Create acme-by-hand-01.' }).waitFor(); // prettier-ignore
    await page.getByText('The output of a step waits for a decision').waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Resume…' }).click(); // the pause of a person goes on
    await dialog.getByLabel('Reason').fill('the droplet is found');
    await dialog.getByRole('button', { name: 'Resume', exact: true }).click();
    await page.locator('.head .pill.ok').waitFor({ timeout: 40_000 });
    expect((await listed()).filter((droplet) => droplet.name === name).map((droplet) => droplet.id)).toEqual([made.id]);
  });
}
