import { Select } from '@mantine/core';
import { useImages, useRegions, useSizes } from './catalog';
import { TEXTS } from './texts';

interface PlaceFieldProps {
  readonly value: string;
  readonly set: (value: string) => void;
  readonly problem: string | undefined;
}

const COMMON = { searchable: true, nothingFoundMessage: TEXTS.none } as const;

/** The regions by name. One where the chosen size is not sold says so. */
export function RegionField({ value, set, problem, size }: PlaceFieldProps & { readonly size: string }) {
  const regions = useRegions();
  const sold = useSizes().data?.find(({ slug }) => slug === size)?.regions;
  const data = (regions.data ?? []).map(({ slug, name, available, allowed }) => {
    const why =
      allowed === false
        ? TEXTS.sizes.notAllowed
        : !available
          ? TEXTS.closed
          : sold && !sold.includes(slug)
            ? TEXTS.withoutSize(size)
            : null;
    return { value: slug, label: [slug, name, why].filter(Boolean).join(' · '), disabled: why !== null && slug !== value };
  });
  return (
    <Select
      {...COMMON}
      id="field-region"
      data={data}
      value={value || null}
      onChange={(next) => set(next ?? '')}
      placeholder={TEXTS.pickRegion}
      error={problem}
    />
  );
}

/** Public images, then own snapshots, backups and custom images. One that the region does not have says so. */
export function ImageField({ value, set, problem, region }: PlaceFieldProps & { readonly region: string }) {
  const images = useImages();
  const all = (images.data ?? []).map(({ image, name, type, regions, available }) => {
    const why = !available ? TEXTS.closed : region !== '' && !regions.includes(region) ? TEXTS.sizes.notIn(region) : null;
    const label = [type === 'public' ? image : (name ?? image), type === 'public' ? name : null, why].filter(Boolean).join(' · ');
    return { type, item: { value: image, label, disabled: why !== null && image !== value } };
  });
  const data = (['public', 'snapshot', 'backup', 'custom'] as const)
    .map((type) => ({ group: TEXTS.imageGroups[type], items: all.filter((one) => one.type === type).map(({ item }) => item) }))
    .filter(({ items }) => items.length > 0);
  return (
    <Select
      {...COMMON}
      id="field-image"
      data={data}
      value={value || null}
      onChange={(next) => set(next ?? '')}
      placeholder={TEXTS.pickImage}
      error={problem}
    />
  );
}
