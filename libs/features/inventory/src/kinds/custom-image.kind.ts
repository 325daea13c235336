import { idText, optionalDecimal, optionalText, optionalTime, optionalWholeNumber, record, texts } from '#libs/digitalocean';
import { defineKind, gibOf, hourlyAt } from './kind';

/** Image that was uploaded. Source: `GET /v2/images?private=true`; snapshots and backups in that list are other kinds. */
export const customImageKind = defineKind({
  kind: 'custom_image',
  label: 'Custom image',
  urnTypes: ['image'],
  sync: hourlyAt(27),
  lists: [{ path: '/v2/images', query: { private: 'true' }, key: 'images', includes: (raw) => record(raw, 'image').type === 'custom' }],
  fetch: { path: (id) => `/v2/images/${id}`, key: 'image' },
  price: { unit: 'gib_month', billedAs: ({ attrs }) => customImage(gibOf(attrs)) },
  invoice: { product: 'Custom Images', phrases: ['custom images?( storage)?'] },
  volatileAttrs: [],
  observe: (raw) => {
    const image = record(raw, 'image');
    const regions = texts(image, 'regions').sort();
    return {
      providerId: idText(image, 'id'),
      name: optionalText(image, 'name'),
      region: regions.length === 1 ? (regions[0] ?? null) : null,
      status: optionalText(image, 'status')?.toLowerCase() ?? 'available',
      sizeSlug: null,
      attrs: {
        distribution: optionalText(image, 'distribution'),
        description: optionalText(image, 'description'),
        regions,
        min_disk_size: optionalWholeNumber(image, 'min_disk_size'),
        size_gigabytes: optionalDecimal(image, 'size_gigabytes'),
        created_at: optionalTime(image, 'created_at'),
        tags: texts(image, 'tags').sort(),
      },
      parents: [],
    };
  },
});

function customImage(gib: string | number | null) {
  return { product: 'custom_image', units: gib === null ? null : String(gib), plan: null };
}
