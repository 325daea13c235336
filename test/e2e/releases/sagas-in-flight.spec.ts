import type { SagaView } from '#libs/saga';
import { newProvisioningWorld, type ProvisioningWorld } from '../../support/provisioning-world';
import { recorded } from './recorded-release';
import { boundariesOf, placeSaga, type RecordedIntent } from './sagas-in-flight';

jest.setTimeout(180_000);

const RELEASE = 'before-renovation';
const intents = (recorded(RELEASE, 'sagas.json') as RecordedIntent[]).filter(({ what }) => what === 'intent');
const boundaries = intents.flatMap(boundariesOf).map((boundary, nth) => ({
  ...boundary,
  nth,
  name: `${boundary.recorded.kind} at ${boundary.recorded.step}, ${boundary.recorded.when}, ${boundary.sent ? 'sent' : 'not sent'}: ${JSON.stringify(boundary.recorded.value).slice(0, 90)}`,
}));

type Placed = Awaited<ReturnType<typeof placeSaga>>;
let world: ProvisioningWorld;
const placed: Placed[] = [];
const ended: SagaView[] = [];
beforeAll(async () => {
  world = await newProvisioningWorld();
  await world.simulator.withoutLags();
  for (const { nth, ...boundary } of boundaries) placed.push(await placeSaga(world, boundary, nth));
  world.engine.wake();
  for (const { sagaId } of placed) ended.push(await world.ended(sagaId));
  await world.reap();
});
afterAll(() => world.close());

interface LiveImage {
  readonly name: string;
  readonly status: string;
}

it('has a boundary of each step that records an intent, in both directions', () => {
  const steps = new Set(boundaries.map(({ recorded: { step, when } }) => `${step} ${when}`));
  expect(steps.size).toBeGreaterThanOrEqual(17);
  expect(boundaries.length).toBeGreaterThan(intents.length);
});

describe(`a saga that the release ${RELEASE} left right after it recorded its intent [SAG-5, SAG-9, SAG-16, OPS-5]`, () => {
  it.each(boundaries)('is continued: $name', async ({ recorded: { kind, when, value }, nth }) => {
    const saga = ended[nth];
    const place = placed[nth];
    expect({ status: saga?.status, error: saga?.error }).toMatchObject({ status: when === 'running' ? 'completed' : 'rolled_back' });
    if (!place || !saga) throw new Error('the saga was not placed');
    const { sagaId, zone, input } = place;
    const {
      droplets,
      images,
      domain_records: records,
    } = (await world.simulator.account()) as unknown as {
      droplets: { id: number; name: string; status: string; size_slug: string; tags: string[]; features: string[]; deleted_at?: string }[];
      images: LiveImage[];
      domain_records: { id: number; domain: string; type: string; data: string }[];
    };
    const alive = droplets.filter(({ deleted_at }) => deleted_at === undefined);
    const own = alive.find(({ id }) => id === place.dropletId);
    const completed = when === 'running';
    switch (kind) {
      case 'provision_droplet': {
        const tagged = alive.filter(({ tags }) => tags.includes(`arcadia-saga-${sagaId}`));
        expect(tagged.map(({ id }) => String(id))).toEqual(completed ? [(saga.context.create_droplet as { droplet_id: string }).droplet_id] : []); // prettier-ignore
        break;
      }
      case 'destroy_droplet':
        expect(own).toBeUndefined();
        break;
      case 'snapshot_droplet': {
        const name = `arcadia-snap-${place.dropletId}-${sagaId}`;
        expect(images.filter((image) => image.name === name && image.status !== 'deleted')).toHaveLength(completed ? 1 : 0);
        break;
      }
      case 'resize_droplet':
        expect(own).toMatchObject({ size_slug: completed ? input.size_slug : 's-1vcpu-1gb', status: 'active' });
        break;
      case 'revert_droplet': {
        const [field] = input.fields ?? [];
        const fallback = field === 'size_slug' ? { size_slug: 's-2vcpu-4gb' } : { tags: value.from };
        if (!completed) expect(own).toMatchObject({ ...fallback, status: 'active' });
        else if (field === 'backups') expect(own?.features).toContain('backups');
        else if (field === 'tags') expect(own?.tags.toSorted()).toEqual((input.tags as string[]).toSorted());
        else expect(own).toMatchObject({ [field ?? '']: input[field ?? ''], status: 'active' });
        break;
      }
      case 'upsert_dns_record':
      case 'delete_dns_record': {
        const data = String(input.dns_record_data).replace(/\.$/, '');
        const equal = records.filter((record) => record.domain === zone && record.type === input.dns_record_type && record.data === data);
        expect(equal).toHaveLength((kind === 'upsert_dns_record') === completed ? 1 : 0);
        break;
      }
      default:
        throw new Error(`no end state is known for ${kind}`);
    }
  });

  it('leaves no orphan [SAG-6]', async () => {
    expect(await world.database.query('select kind, reason from cloud_strays')).toEqual([]);
  });
});
