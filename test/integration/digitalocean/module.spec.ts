import { ConfigModule } from '#libs/config';
import { DatabaseModule } from '#libs/database';
import { DigitalOcean, DigitalOceanModule } from '#libs/digitalocean';
import { Test } from '@nestjs/testing';
import { aGet, newWorld, TOKEN } from '../../support/client-world';
import { testConfig } from '../../support/settings';

it('reports its last calls before the application ends, so that no slot is occupied longer than needed [OPS-6]', async () => {
  const world = await newWorld();
  world.provider.script = () => ({ droplet: { id: 1 } });
  const config = testConfig({ DATABASE_URL: world.stored.appUrl, DO_API_URL: world.provider.url, DO_API_TOKEN: TOKEN });
  const app = await Test.createTestingModule({ imports: [ConfigModule.forRoot(config), DatabaseModule, DigitalOceanModule] }).compile();
  await expect(app.get(DigitalOcean).get(aGet)).resolves.toBe('1');
  await app.close();
  expect(await world.database.query('select answered from provider_calls')).toEqual([{ answered: true }]);
  await world.close();
});
