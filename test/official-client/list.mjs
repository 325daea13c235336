// Lists objects by DigitalOcean's own client. Arguments: the address of the API and a token. Reads the lists from stdin as JSON,
// `[{ name, path, query }]`, and prints `{ name: number of objects }`. A client of other people's making keeps the simulator honest.
// The overrides in package.json: with a later Kiota, version 1.19.0 of the client can read no list of texts, as the features of a droplet.
import { createDigitalOceanClient, DigitalOceanApiKeyAuthenticationProvider } from '@digitalocean/dots';
import { FetchRequestAdapter } from '@microsoft/kiota-http-fetchlibrary';
import { text } from 'node:stream/consumers';

const [, , url, token] = process.argv;
const adapter = new FetchRequestAdapter(new DigitalOceanApiKeyAuthenticationProvider(token));
adapter.baseUrl = url;
const client = createDigitalOceanClient(adapter);

/** How the client calls an object by its id, for the collections with lists of their own below an object. */
const BY_ID = { databases: 'byDatabase_cluster_uuid', domains: 'byDomain_name', registries: 'byRegistry_name' };
const camelCase = (name, separator) => name.replaceAll(new RegExp(`${separator}(\\w)`, 'g'), (_, letter) => letter.toUpperCase());

/** The client's object for a path: `/v2/databases/<id>/replicas` is `v2.databases.byDatabase_cluster_uuid(id).replicas`. */
function builderOf(path) {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.reduce((at, part, nth) => {
    const byId = BY_ID[parts[nth - 1]];
    return byId === undefined ? at[camelCase(part, '-')] : at[byId](decodeURIComponent(part));
  }, client);
}

/** The objects of all pages. */
async function count({ path, query = {} }) {
  const given = Object.fromEntries(Object.entries(query).map(([name, value]) => [camelCase(name, '_'), value]));
  for (let page = 1, total = 0; ; page++) {
    const answer = await builderOf(path).get({ queryParameters: { ...given, page, perPage: 200 } });
    const objects = Object.values(answer ?? {}).find((value) => Array.isArray(value)) ?? [];
    total += objects.length;
    if (objects.length < 200) return total;
  }
}

const counts = {};
for (const list of JSON.parse(await text(process.stdin))) counts[list.name] = await count(list);
console.log(JSON.stringify(counts));
