import { useQuery } from '@tanstack/react-query';
import { answered, api, type Schemas } from '../../client/client';
import { kindsHead } from '../../parts/kinds';
import { everyPage } from '../../parts/list';
import { SubNav } from '../../parts/page';
import { TEXTS } from './texts';

export type Rule = Schemas['AttributionRuleResponse'];
export type Conditions = Rule['when'];

/** The links between the ownership rules and the moves that they ask for. */
export function OwnershipPlaces() {
  return (
    <SubNav
      label={TEXTS.rules.places}
      places={[
        { to: '/ownership-rules', text: TEXTS.rules.list },
        { to: '/ownership-moves', text: TEXTS.rules.moves },
      ]}
    />
  );
}

/** Names of the projects by our id. */
export function useProjectNames(): ReadonlyMap<string, string> {
  const projects = useQuery({
    queryKey: ['projects', 'names'],
    queryFn: () => everyPage((query) => answered(api.GET('/api/v1/projects', { params: { query } }))),
  });
  return new Map((projects.data?.data ?? []).map(({ id, name }) => [id, name]));
}

/** The conditions of a rule as a sentence: "Droplets named acme-* in fra1". */
export function whenText({ kind, name_glob: glob, tag, project_id: project, region }: Conditions, projects: ReadonlyMap<string, string>) {
  const { when } = TEXTS.rules;
  const words = [
    kind === undefined ? when.any : kindsHead(kind),
    glob && when.named(glob),
    tag && when.tagged(tag),
    project && when.within(projects.get(project) ?? '…'),
    region && when.region(region),
  ];
  return words.filter(Boolean).join(' ');
}
