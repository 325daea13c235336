/** Every text of the table of kinds. */
export const TEXTS = {
  title: 'Kinds',
  sub: 'What is read from the provider, how often, and how old it is.',
  heads: {
    kind: 'Kind',
    count: 'Resources',
    monthly: '$ / month',
    status: 'Read',
    age: 'Last complete',
    cadence: 'Every',
    reason: 'Why not, or not wholly',
  },
  none: 'free',
  noPrice: 'no price yet',
  noList: 'known from projects only',
  states: {
    fresh: 'In time',
    late: (time: string) => `Late by ${time}`,
    never: 'Not read yet',
    refused: 'Refused',
    not_available: 'Not available',
  },
  sweeps: 'Sweeps',
  total: (kinds: number, late: number) => `${kinds} kinds, ${late === 0 ? 'all in time' : `${late} not in time`}`,
  empty: { title: 'No kinds', hint: 'Nothing is read from the provider until its token is set.' },
};
