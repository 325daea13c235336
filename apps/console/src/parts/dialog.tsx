import { Modal } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { useCallback, useEffect, useState, type MouseEvent } from 'react';

const TEXTS = {
  close: 'Close',
  leave: {
    title: 'Leave without saving?',
    text: 'What you typed is not saved, and will be gone.',
    stay: 'Go on editing',
    button: 'Leave',
  },
};

interface DialogProps {
  readonly title: string;
  /** Pixels. */
  readonly width?: number;
  /** `Escape`, the cross, and a press beside the dialog. Without it the dialog stays until one of its buttons closes it. */
  readonly close?: () => void;
  readonly children: React.ReactNode;
}

/** A dialog that is open while it is in the page. It keeps the focus, returns it where it was, and asks before it drops what was typed. */
export function Dialog({ title, width = 440, close, children }: DialogProps) {
  useReturnedFocus();
  const { isTyped, handlers } = useTyped();
  const [isAsking, setAsking] = useState(false);
  const isClosable = close !== undefined;
  return (
    <Modal
      opened
      onClose={() => (isTyped ? setAsking(true) : close?.())}
      title={title}
      size={width}
      centered
      lockScroll={false}
      returnFocus={false} // it works for a dialog that stays in the page only
      closeOnClickOutside={isClosable}
      closeOnEscape={isClosable && !isAsking}
      withCloseButton={isClosable}
      closeButtonProps={{ 'aria-label': TEXTS.close }}
    >
      <div style={{ display: 'contents' }} {...handlers}>
        {children}
      </div>
      {isClosable && isTyped && <LeaveGuard isBackOnly />}
      {isClosable && isAsking && <LeaveQuestion stay={() => setAsking(false)} leave={close} />}
    </Modal>
  );
}

/** Whether something was typed in the fields below the element with the handlers. A choice from a list counts, which fires no change. */
export function useTyped() {
  const [isTyped, setTyped] = useState(false);
  const onChange = useCallback(() => setTyped(true), []);
  const onClick = useCallback((event: MouseEvent<HTMLElement>) => {
    if (event.target instanceof Element && event.target.closest('[role="option"]')) setTyped(true);
  }, []);
  return { isTyped, handlers: { onChange, onClick } };
}

/**
 * While it is in the page, leaving the page asks first: by a link, a key, the browser's own buttons, or the end of the tab. A form has it while
 * it has input that is not saved, and goes on after its own save with `ignoreBlocker`. `isBackOnly`: a dialog, over which no link is in reach.
 */
export function LeaveGuard({ isBackOnly = false }: { readonly isBackOnly?: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ action }) => !isBackOnly || (action !== 'PUSH' && action !== 'REPLACE'),
    enableBeforeUnload: true,
    withResolver: true,
  });
  return blocker.status === 'blocked' && <LeaveQuestion stay={blocker.reset} leave={blocker.proceed} />;
}

function LeaveQuestion({ stay, leave }: { readonly stay: () => void; readonly leave: () => void }) {
  const [opener] = useState(openerOfNow);
  const goOn = () => {
    stay();
    opener?.focus({ preventScroll: true });
  };
  return (
    <Modal
      opened
      onClose={goOn}
      title={TEXTS.leave.title}
      size={380}
      centered
      lockScroll={false}
      returnFocus={false}
      withCloseButton={false}
      zIndex={300} // above the dialog that it asks about
    >
      <p>{TEXTS.leave.text}</p>
      <div className="go" style={{ marginTop: 12 }}>
        <button type="button" className="btn" onClick={goOn} data-autofocus>
          {TEXTS.leave.stay}
        </button>
        <button type="button" className="btn bad" onClick={leave}>
          {TEXTS.leave.button}
        </button>
      </div>
    </Modal>
  );
}

/** What has the focus. A menu is gone with the choice that was made in it, so that its button stands for it. */
function openerOfNow(): HTMLElement | null {
  const { activeElement: active } = document;
  const button = active?.closest('[role="menu"]')?.getAttribute('aria-labelledby');
  return button ? document.getElementById(button) : active instanceof HTMLElement ? active : null;
}

/** The focus goes back to the control that opened the dialog, or to the page where that control is gone. */
function useReturnedFocus(): void {
  const [opener] = useState(openerOfNow);
  useEffect(
    () => () => {
      const isThere = opener !== null && opener !== document.body && opener.isConnected;
      (isThere ? opener : document.getElementById('main'))?.focus({ preventScroll: true });
    },
    [opener],
  );
}
