import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../client/client';
import { TEXTS } from './texts';

interface AllRelatedProps {
  readonly answer: Schemas['ResourceListResponse'] | undefined;
  readonly id: string;
  readonly kinds?: string | undefined;
}

/** Below the first related resources, where there are more: the way to all of them. */
export function AllRelated({ answer, id, kinds }: AllRelatedProps) {
  if (!answer || answer.page.next_cursor === null) return null;
  return (
    <p className="pad">
      <Link to="/inventory" search={{ related_to: id, ...(kinds && { kind: kinds }) }}>
        {TEXTS.relations.all}
      </Link>
    </p>
  );
}
