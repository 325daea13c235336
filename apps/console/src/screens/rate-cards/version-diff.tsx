import { Select } from '@mantine/core';
import { monthText } from '../../parts/format';
import { Card } from '../../parts/page';
import { versionChanges, type Version } from './rate-model';
import { TEXTS } from './texts';

const { version: WORDS } = TEXTS;
const TONES = { added: 'ok', removed: 'bad', changed: 'info' } as const;

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
        <table className="mt" aria-label={WORDS.diff(other.version, chosen.version)}>
          <thead>
            <tr>
              <th scope="col">{WORDS.applies}</th>
              <th scope="col" style={{ width: 104 }}>
                <span className="vh">{WORDS.compare}</span>
              </th>
              <th scope="col" className="hide-m">
                {WORDS.was}
              </th>
              <th scope="col">{WORDS.becomes}</th>
            </tr>
          </thead>
          <tbody>
            {changes.map(({ what, change, before, after }) => (
              <tr key={what}>
                <td className="wrap b">{what}</td>
                <td>
                  <span className={`pill bare ${TONES[change]}`}>{WORDS.change[change]}</span>
                </td>
                <td className="wrap hide-m mid">{before ?? <span className="dim">{WORDS.nothing}</span>}</td>
                <td className="wrap">{after ?? <span className="dim">{WORDS.nothing}</span>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Card>
  );
}
