import { Confirm } from '../../parts/confirm';
import { exactTime, words } from '../../parts/format';
import { Facts } from '../../parts/page';
import { useSession } from '../../shell/session';
import { JsonText } from './saga-cards';
import type { DialogProps } from './saga-actions';
import { TEXTS } from './texts';

/** Approves or rejects a start, or the output that somebody gave for a step. Who asked rejects, which takes the request back. */
export function DecisionDialog({ verb, saga, perform, close }: DialogProps & { readonly verb: 'approve' | 'reject' }) {
  const { session } = useSession();
  const { approval } = saga;
  const isOutput = approval?.subject === 'step_output';
  const isOwn = approval?.asked_by === session.sub;
  const text = isOutput ? TEXTS.outputDecision[verb === 'reject' && isOwn ? 'takeBack' : verb] : TEXTS.dialog[verb];
  return (
    <Confirm
      title={text.title}
      button={text.button}
      reason={verb === 'approve' ? 'optional' : 'required'}
      confirm={(reason) => perform(verb, { reason })}
      close={close}
    >
      <p style={{ marginBottom: 12 }}>{text.text}</p>
      {approval && (
        <Facts
          rows={[
            [TEXTS.approval.why, approval.why],
            [TEXTS.approval.step, approval.step && words(approval.step)],
            [TEXTS.approval.output, approval.output && <JsonText key="output" value={approval.output} />],
            [TEXTS.approval.askedBy, approval.asked_by],
            [TEXTS.approval.expires, exactTime(approval.expires_at)],
          ]}
        />
      )}
    </Confirm>
  );
}
