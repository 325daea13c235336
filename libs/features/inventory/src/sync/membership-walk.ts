import type { Member, MirroredProject } from '#libs/accounts';
import { DigitalOcean, formatUrn, parseUrn, record, text } from '#libs/digitalocean';
import { isNothing } from '#libs/kernel';
import { Injectable } from '@nestjs/common';
import { kindOfUrnType } from '../kinds';
import { canonicalIdOf } from '../kinds/kind';
import type { SweepRun } from './sweep';

const UNCERTAIN = new Set(['not_found', 'service_down']);

/** Lists the members of every project. Source: `GET /v2/projects/:id/resources`. */
@Injectable()
export class MembershipWalk {
  constructor(private readonly provider: DigitalOcean) {}

  /**
   * Passes each page to `found`. Throws when any page of any project cannot be read or a list is incomplete: memberships are unknown then,
   * and none may be ended. [INV-12]
   */
  async walk(run: SweepRun, projects: readonly MirroredProject[], found: (members: Member[]) => void): Promise<void> {
    for (const [index, project] of projects.entries()) {
      const list = this.provider.list({
        purpose: run.purpose,
        fingerprint: run.fingerprint,
        path: `/v2/projects/${encodeURIComponent(project.providerId)}/resources`,
        key: 'resources',
        parse: (raw) => parseMember(project.id, raw),
        idOf: (member) => member.line,
        signal: run.signal,
      });
      const others = projects.length - index - 1;
      for await (const page of list) {
        found(page.items.flatMap(({ member }) => (member ? [member] : [])));
        run.progress.expectPages(run.progress.pagesDone + Math.max(page.pagesExpected - page.page, 0) + 1 + others);
        await run.progress.addCounts({ pagesDone: 1, calls: page.calls });
      }
    }
  }
}

/** A line with an unreadable URN counts as listed and is otherwise ignored: one malformed line must not stop a walk. [INV-11] */
function parseMember(projectId: string, raw: unknown): { line: string; member: Member | undefined } {
  const resource = record(raw, 'resource');
  const line = text(resource, 'urn');
  const urn = parseUrn(line);
  if (!urn) return { line, member: undefined };
  const kind = kindOfUrnType(urn.type);
  const providerId = canonicalIdOf(kind, urn.id);
  return {
    line,
    member: {
      projectId,
      kind: kind.kind,
      urnType: urn.type,
      providerId,
      urn: formatUrn(urn.type, providerId),
      assignedAt: timeOrNull(resource.assigned_at),
      uncertain: isUncertain(resource.status),
    },
  };
}

/** No status means that nothing is wrong; a status of another type than text says nothing. */
function isUncertain(status: unknown): boolean {
  return !isNothing(status) && (typeof status !== 'string' || UNCERTAIN.has(status));
}

/** An unreadable time becomes null: the line itself still counts. */
function timeOrNull(text: unknown): string | null {
  const time = typeof text === 'string' && !text.startsWith('0001-') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
