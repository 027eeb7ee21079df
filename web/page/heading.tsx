import { useEffect, useRef } from 'preact/hooks';
import { settings } from './settings.ts';

/** Whether the reader has left the first view of the page. Browsers start a new page with the focus at its beginning. */
let hasNavigated = false;
addEventListener('hashchange', () => {
  hasNavigated = true;
});

interface HeadingProps {
  children: string;
  /** The title of the document. Default: the heading itself. */
  title?: string;
  class?: string;
}

/** The heading of a view. It gets the focus when the view appears, and gives the document its title. */
export function Heading({ children, title = children, class: className }: HeadingProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (hasNavigated) heading.current?.focus();
  }, []);
  useEffect(() => {
    document.title = `${title} · ${settings.shopName}`;
  }, [title]);
  return (
    <h1 ref={heading} tabIndex={-1} class={className}>
      {children}
    </h1>
  );
}
