import type { ComponentChildren } from 'preact';
import { Modal } from '../page/modal.tsx';
import { Connection, isDisturbed } from './connection.tsx';
import { closePanel } from './panel.ts';
import { words } from './words.ts';

/** The open panel. It covers the header, so it shows a disturbed connection, too. */
export const Dialog = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <Modal label={title} close={words.value.close} onClose={closePanel}>
    {isDisturbed.value && <Connection />}
    <h2 dir="auto">{title}</h2>
    {children}
  </Modal>
);
