import { DigitalOcean, optionalText, parseUrn, record, text } from '#libs/digitalocean';
import { Injectable } from '@nestjs/common';
import { kindOfUrnType } from '../kinds';
import type { SweepRun } from './sweep';
import type { MirroredProject } from '../projects/project-mirror';

/** One line of a project's resources. */
export interface Member {
  readonly projectId: string;
  readonly kind: string;
  /** The provider's word for the kind, an alias perhaps. */
  readonly urnType: string;
  readonly providerId: string;
  readonly urn: string;
  readonly assignedAt: string | null;
  /** The provider does not stand by this line (`not_found`, `service_down`): it neither makes nor strikes anything. */
  readonly uncertain: boolean;
}

const UNCERTAIN = new Set(['not_found', 'service_down']);

/** Walks the resources of every project. Source: `GET /v2/projects/:id/resources`. */
@Injectable()
export class MembershipWalk {
  constructor(private readonly provider: DigitalOcean) {}

  /**
   * Hands every page to `found` as it comes. Throws when any page of any project cannot be read, or a list is not complete:
   * then it is not known who belongs where, and nothing may be taken from anybody (INV-12).
   */
  async walk(run: SweepRun, projects: readonly MirroredProject[], found: (members: Member[]) => void): Promise<void> {
    for (const [index, project] of projects.entries()) {
      const list = this.provider.list({
        purpose: run.purpose,
        fingerprint: run.fingerprint,
        path: `/v2/projects/${encodeURIComponent(project.provider_id)}/resources`,
        key: 'resources',
        parse: (raw) => parseMember(project.id, raw),
        idOf: (member) => member.line,
        signal: run.signal,
      });
      const others = projects.length - index - 1;
      for await (const page of list) {
        found(page.items.flatMap(({ member }) => (member ? [member] : [])));
        run.progress.expect(run.progress.pagesDone + Math.max(page.pagesExpected - page.page, 0) + 1 + others);
        await run.progress.add({ pagesDone: 1, calls: page.calls });
      }
    }
  }
}

/** A line whose URN cannot be read at all is counted as listed and otherwise left alone: one odd line must not stop a walk (INV-11). */
function parseMember(projectId: string, raw: unknown): { line: string; member: Member | undefined } {
  const resource = record(raw, 'resource');
  const line = text(resource, 'urn');
  const urn = parseUrn(line);
  if (!urn) return { line, member: undefined };
  const { kind } = kindOfUrnType(urn.type);
  const uncertain = UNCERTAIN.has(optionalText(resource, 'status') ?? 'ok');
  return {
    line,
    member: {
      projectId,
      kind,
      urnType: urn.type,
      providerId: urn.id,
      urn: urn.urn,
      assignedAt: timeOrNull(optionalText(resource, 'assigned_at')),
      uncertain,
    },
  };
}

/** An unreadable time is no time: the line itself still counts. */
function timeOrNull(text: string | null): string | null {
  const time = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
