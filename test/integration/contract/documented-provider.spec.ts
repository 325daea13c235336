import { existsSync } from 'node:fs';
import { InventoryReader, SweepService } from '#libs/inventory';
import { openInventory } from '../../support/inventory-world';
import { createTestDatabase } from '../../support/database';
import { startDocumentedProvider } from './documented-provider';
import { HOW_TO_GET, OPENAPI_PATH } from './openapi-document';

const platform = { kind: 'platform' } as const;

if (existsSync(OPENAPI_PATH)) {
  it('inventories a provider that returns the examples of the official document, although its pages never end', async () => {
    const database = await createTestDatabase();
    const provider = await startDocumentedProvider();
    const context = await openInventory({ DATABASE_URL: database.appUrl, DO_API_URL: provider.url, DO_API_TOKEN: 'dop_v1_documented' });
    try {
      const sweeps = context.get(SweepService);
      for (const kind of ['droplet', 'project', 'droplet', 'project']) {
        const { status, reason } = await sweeps.run(kind, { trigger: 'manual' });
        expect({ kind, status, reason }).toMatchObject({ kind, status: expect.stringMatching(/^(complete|incomplete)$/) as string });
      }
      const { data } = await context.get(InventoryReader, { strict: false }).list(platform, {}, { limit: 200 });
      expect(data.filter((row) => row.kind === 'droplet').map((row) => row.name)).toContain('example.com');
      for (const [call, times] of provider.asked) expect({ call, few: times <= 12 }).toEqual({ call, few: true });
    } finally {
      await context.close();
      await provider.close();
      await database.drop();
    }
  });
} else {
  it(`SKIPPED: inventories a provider that returns the examples of the official document (${OPENAPI_PATH} is missing)`, () => {
    console.warn(HOW_TO_GET);
    expect(existsSync(OPENAPI_PATH)).toBe(false);
  });
}
