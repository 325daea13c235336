import type { SagaView } from '#libs/saga';
import { newProvisioningWorld, type ProvisioningWorld } from '../../support/provisioning-world';
import { recorded } from './recorded-release';
import { boundariesOf, placeSaga, placeZones, type RecordedIntent } from './sagas-in-flight';

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
  await placeZones(world, boundaries);
  for (const { nth, ...boundary } of boundaries) placed.push(await placeSaga(world, boundary, nth));
  world.engine.wake();
  for (const { sagaId } of placed) ended.push(await world.ended(sagaId));
  await world.reap();
});
afterAll(() => world.close());

interface Account {
  readonly droplets: readonly { id: number; name: string; status: string; size_slug: string; tags: string[]; features: string[]; deleted_at?: string }[]; // prettier-ignore
  readonly images: readonly { name: string; status: string }[];
  readonly domain_records: readonly { domain: string; type: string; data: string }[];
}

interface EndState {
  readonly live: unknown;
  readonly wanted: unknown;
}

/** What the provider has of a saga, and what it must have after the saga completed or was rolled back. */
function endState(
  { kind, when, value }: RecordedIntent,
  { sagaId, dropletId, zone, input }: Placed,
  saga: SagaView,
  account: Account,
): EndState {
  const completed = when === 'running';
  const alive = account.droplets.filter(({ deleted_at }) => deleted_at === undefined);
  const own = alive.find(({ id }) => id === dropletId);
  switch (kind) {
    case 'provision_droplet': {
      const { droplet_id: id } = saga.context.create_droplet as { droplet_id: string };
      const tagged = alive.filter(({ tags }) => tags.includes(`arcadia-saga-${sagaId}`));
      return { live: tagged.map((droplet) => String(droplet.id)), wanted: completed ? [id] : [] };
    }
    case 'destroy_droplet':
      return { live: own, wanted: undefined };
    case 'snapshot_droplet': {
      const name = `arcadia-snap-${dropletId}-${sagaId}`;
      const live = account.images.filter((image) => image.name === name && image.status !== 'deleted').map((image) => image.name);
      return { live, wanted: completed ? [name] : [] };
    }
    case 'resize_droplet':
      return { live: [own?.size_slug, own?.status], wanted: [completed ? input.size_slug : 's-1vcpu-1gb', 'active'] };
    case 'revert_droplet': {
      const state = {
        size_slug: own?.size_slug,
        name: own?.name,
        tags: own?.tags.toSorted((a, b) => (a < b ? -1 : 1)),
        backups: own?.features.includes('backups'),
      };
      const [field = ''] = input.fields ?? [];
      const previous: unknown = field === 'size_slug' ? 's-2vcpu-4gb' : value.from;
      const wanted = completed ? input[field] : previous;
      return {
        live: [state[field as keyof typeof state], own?.status],
        wanted: [Array.isArray(wanted) ? wanted.map(String).toSorted((a, b) => (a < b ? -1 : 1)) : wanted, 'active'],
      };
    }
    default: {
      const data = String(input.dns_record_data).replace(/\.$/, '');
      const equal = account.domain_records.filter((one) => one.domain === zone && one.type === input.dns_record_type && one.data === data);
      return { live: equal.length, wanted: (kind === 'upsert_dns_record') === completed ? 1 : 0 };
    }
  }
}

it('has a boundary of each step that records an intent, in both directions', () => {
  const steps = new Set(boundaries.map(({ recorded: { step, when } }) => `${step} ${when}`));
  expect(steps.size).toBeGreaterThanOrEqual(20);
  expect(boundaries.length).toBeGreaterThan(intents.length);
});

describe(`a saga that the release ${RELEASE} left right after it recorded its intent [SAG-5, SAG-9, SAG-16, OPS-5]`, () => {
  it.each(boundaries)('is continued: $name', async ({ recorded: intent, nth }) => {
    const [saga, place] = [ended[nth], placed[nth]];
    if (!place || !saga) throw new Error('the saga was not continued');
    const { live, wanted } = endState(intent, place, saga, await world.simulator.account());
    expect({ error: saga.error, status: saga.status, live }).toMatchObject({
      status: intent.when === 'running' ? 'completed' : 'rolled_back',
      live: wanted,
    });
  });

  it('leaves no orphan [SAG-6]', async () => {
    expect(await world.database.query('select kind, reason from cloud_strays')).toEqual([]);
  });
});
