/** Every text of the projects. */
export const TEXTS = {
  title: 'Projects',
  sub: 'The provider’s projects. The tenant of a project is the owner of what is in it.',
  heads: {
    name: 'Name',
    tenant: 'Tenant',
    why: 'Why',
    resources: 'Resources',
    environment: 'Environment',
    label: 'Label',
    purpose: 'Purpose',
    found: 'Found',
  },
  filters: { q: 'text', tenant_id: 'tenant', tenant_set_by: 'tenant by', environment: 'environment', classification: 'label' },
  setBy: { description: 'its description', admin: 'an operator' } as Readonly<Record<string, string>>,
  views: { all: 'All', unassigned: 'Without tenant', deleted: 'Deleted' },
  noOwner: 'No owner',
  empty: { title: 'No projects match', hint: 'Remove a filter. New projects appear with the next sweep.' },
  edit: {
    title: (name: string) => `Tenant of ${name}`,
    text: 'What is in the project changes its owner at once, unless an operator assigned it by hand.',
    tenant: 'Tenant',
    back: 'Give back to its description',
    button: 'Save',
    none: 'No owner, on purpose',
  },
};
