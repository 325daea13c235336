import { badRequest } from '../http/provider-refusal';
import type { ProjectRecord } from '../world/records';

export type ProjectFields = Partial<Pick<ProjectRecord, 'name' | 'description' | 'purpose' | 'environment' | 'is_default'>>;

const ENVIRONMENTS = ['Development', 'Staging', 'Production'];
const LENGTHS = { name: 175, description: 255, purpose: 255 };
const PURPOSES = [
  'Just trying out DigitalOcean',
  'Class project / Educational purposes',
  'Website or blog',
  'Web Application',
  'Service or API',
  'Mobile Application',
  'Machine learning / AI / Data processing',
  'IoT',
  'Operational / Developer tooling',
];

/** Reads the fields of a project. A purpose of one's own is stored as `Other: <text>`. */
export function parseProjectFields(body: Record<string, unknown>, required: readonly (keyof ProjectFields)[]): ProjectFields {
  const missing = required.find((field) => body[field] === undefined || body[field] === null || (field === 'name' && body[field] === ''));
  if (missing !== undefined) throw badRequest(`${missing} is a required field`);
  const fields: ProjectFields = {};
  for (const [name, length] of Object.entries(LENGTHS) as [keyof typeof LENGTHS, number][]) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' || value.length > length) throw badRequest(`${name} must be at most ${length} characters`);
    fields[name] = name === 'purpose' ? storedPurpose(value) : value;
  }
  if (typeof body.environment === 'string' && body.environment !== '') fields.environment = readEnvironment(body.environment);
  if (typeof body.is_default === 'boolean') fields.is_default = body.is_default;
  return fields;
}

function readEnvironment(text: string): string {
  const known = ENVIRONMENTS.find((environment) => environment.toLowerCase() === text.toLowerCase());
  if (known === undefined) throw badRequest(`environment must be one of ${ENVIRONMENTS.join(', ')}`);
  return known;
}

function storedPurpose(text: string): string {
  return PURPOSES.includes(text) || text.startsWith('Other: ') ? text : `Other: ${text}`;
}
