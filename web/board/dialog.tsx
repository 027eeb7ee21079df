import type { ComponentChildren } from 'preact';
import { Modal } from '../page/modal.tsx';
import { closePanel } from './panel.ts';
import { words } from './words.ts';

/** The open panel. */
export const Dialog = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <Modal label={title} close={words.value.close} onClose={closePanel}>
    <h2 dir="auto">{title}</h2>
    {children}
  </Modal>
);
