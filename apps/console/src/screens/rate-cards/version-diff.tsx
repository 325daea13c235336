import { Select } from '@mantine/core';
import { monthText } from '../../parts/format';
import { Card } from '../../parts/page';
import { PlainTable } from '../../parts/plain-table';
import { versionChanges, type Version } from './rate-model';
import { TEXTS } from './texts';

const { version: WORDS } = TEXTS;
const TONES = { added: 'ok', removed: 'bad', changed: 'info' } as const;

const nothing = <span className="dim">{WORDS.nothing}</span>;

interface VersionDiffProps {
  readonly versions: readonly Version[];
  readonly chosen: Version;
  readonly against: string | undefined;
  readonly choose: (against: string | undefined) => void;
}

/** What the chosen version changes of another one: of the one before it unless another is chosen. */
export function VersionDiff({ versions, chosen, against, choose }: VersionDiffProps) {
  const others = versions.filter(({ version }) => version !== chosen.version);
  const other = others.find(({ version }) => String(version) === against) ?? others.find(({ version }) => version < chosen.version);
  if (others.length === 0 || !other) return null;
  const changes = versionChanges(other, chosen);
  return (
    <Card
      title={WORDS.diff(other.version, chosen.version)}
      right={
        <Select
          aria-label={WORDS.compare}
          data={others.map(({ version, valid_from: from }) => ({
            value: String(version),
            label: `${WORDS.name(version)} ${WORDS.from(monthText(from))}`,
          }))}
          value={String(other.version)}
          onChange={(value) => choose(value ?? undefined)}
          allowDeselect={false}
          w={236}
        />
      }
    >
      {changes.length === 0 && <p className="pad mid">{WORDS.same}</p>}
      {changes.length > 0 && (
        <PlainTable
          label={WORDS.diff(other.version, chosen.version)}
          rows={changes}
          rowId={({ what }) => what}
          columns={[
            { id: 'what', head: WORDS.applies, wraps: true, look: 'b', cell: ({ what }) => what },
            {
              id: 'change',
              head: WORDS.compare,
              isHeadHidden: true,
              width: 104,
              cell: ({ change }) => <span className={`pill bare ${TONES[change]}`}>{WORDS.change[change]}</span>,
            },
            { id: 'was', head: WORDS.was, wide: true, wraps: true, look: 'mid', cell: ({ before }) => before ?? nothing },
            { id: 'becomes', head: WORDS.becomes, wraps: true, cell: ({ after }) => after ?? nothing },
          ]}
        />
      )}
    </Card>
  );
}
