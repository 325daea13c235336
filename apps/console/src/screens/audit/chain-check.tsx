import { Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Dialog } from '../../parts/dialog';
import { count, dateText, words } from '../../parts/format';
import { IconCircleCheck, IconLock } from '../../parts/icons';
import { Facts } from '../../parts/page';
import { ErrorState, Note, Skeleton } from '../../parts/states';
import { Badge } from '../../parts/status';
import { TEXTS } from './texts';

type Checked = Schemas['AuditVerificationResponse'];
const { chain: CHAIN } = TEXTS;

/** A head as it was kept; undefined for none, null for a text that is none. Pure. */
function headOf(text: string): { readonly no: string; readonly hash: string } | null | undefined {
  if (text.trim() === '') return undefined;
  try {
    const { no, hash } = JSON.parse(text) as Record<string, unknown>;
    return typeof no === 'string' && typeof hash === 'string' ? { no, hash } : null;
  } catch {
    return null;
  }
}

/** Has the whole record verified, against a head that was kept elsewhere if there is one. */
export function ChainCheck() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="btn" onClick={() => setOpen(true)}>
        <IconLock size={16} stroke={1.75} aria-hidden />
        {CHAIN.button}
      </button>
      {isOpen && <CheckDialog close={() => setOpen(false)} />}
    </>
  );
}

function CheckDialog({ close }: { readonly close: () => void }) {
  const [text, setText] = useState('');
  const head = headOf(text);
  const check = useMutation({ mutationFn: () => answered(api.POST('/api/v1/audit/verify', { body: { ...(head && { head }) } })) });
  const checked = check.data?.data;
  return (
    <Dialog title={CHAIN.title} width={560} close={close}>
      <div className="form">
        <p className="mid">{CHAIN.text}</p>
        <Textarea
          label={CHAIN.kept}
          description={CHAIN.keptHelp}
          inputWrapperOrder={['label', 'input', 'error', 'description']}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={head === null ? CHAIN.noHead : undefined}
          rows={2}
          spellCheck={false}
          classNames={{ input: 'mono' }}
          data-autofocus
        />
        {check.error && <ErrorState error={check.error} />}
        {check.isPending && <Skeleton lines={3} />}
        {checked && !check.isPending && <Result checked={checked} />}
        <div className="go">
          <button type="button" className="btn pri" disabled={check.isPending || head === null} onClick={() => check.mutate()}>
            {CHAIN.check}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

function Result({ checked }: { readonly checked: Checked }) {
  const head = JSON.stringify(checked.head);
  return (
    <div className="form" role="status">
      {checked.whole ? (
        <Badge tone="ok" icon={IconCircleCheck} pill>
          {CHAIN.whole}
        </Badge>
      ) : (
        <Note tone="bad" title={CHAIN.broken(checked.findings_count)}>
          {CHAIN.brokenText}
        </Note>
      )}
      <Facts
        rows={[
          [CHAIN.rows, count(checked.rows)],
          [CHAIN.waiting, checked.waiting === 0 ? null : count(checked.waiting)],
          [CHAIN.archived, checked.archived_before && dateText(checked.archived_before)],
          [
            CHAIN.head,
            <span key="head" className="mono" style={{ overflowWrap: 'anywhere' }}>
              {head}
            </span>,
          ],
        ]}
      />
      <button type="button" className="btn sml" style={{ justifySelf: 'start' }} onClick={() => void navigator.clipboard.writeText(head)}>
        {CHAIN.copy}
      </button>
      {checked.findings.length > 0 && (
        <ul className="grid" style={{ gap: 4, maxHeight: 200, overflow: 'auto' }}>
          {checked.findings.map(({ what, table, id }) => (
            <li key={`${what}/${table}/${id}`}>
              {words(what)} <span className="mono dim">{`${table} ${id}`}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
