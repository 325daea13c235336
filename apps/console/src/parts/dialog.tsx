import { Modal } from '@mantine/core';
import { useEffect, useState } from 'react';

const TEXTS = { close: 'Close' };

interface DialogProps {
  readonly title: string;
  /** Pixels. */
  readonly width?: number;
  /** `Escape` and the cross. Without it the dialog stays until one of its buttons closes it. */
  readonly close?: () => void;
  readonly children: React.ReactNode;
}

/** A dialog that is open while it is in the page. It keeps the focus, and returns it where it was. */
export function Dialog({ title, width = 440, close, children }: DialogProps) {
  useReturnedFocus();
  return (
    <Modal
      opened
      onClose={() => close?.()}
      title={title}
      size={width}
      centered
      lockScroll={false}
      returnFocus={false} // it works for a dialog that stays in the page only
      closeOnClickOutside={close !== undefined}
      closeOnEscape={close !== undefined}
      withCloseButton={close !== undefined}
      closeButtonProps={{ 'aria-label': TEXTS.close }}
    >
      {children}
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
