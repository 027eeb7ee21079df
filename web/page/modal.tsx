import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface ModalProps {
  label: string;
  /** The name of the button that closes the dialog. */
  close: string;
  /** Called when the reader closes the dialog. It must then no longer be rendered. */
  onClose(): void;
  children: ComponentChildren;
}

/** A dialog that is open as long as it is rendered. Afterwards the focus is where it was before. */
export function Modal({ label, close, onClose, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const { current } = dialog;
    current?.showModal();
    return () => current?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-label={label} onCancel={onClose}>
      <button type="button" class="quiet close" aria-label={close} onClick={onClose}>
        ×
      </button>
      {children}
    </dialog>
  );
}
