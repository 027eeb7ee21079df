import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const style = readFileSync(join(import.meta.dirname, 'browser', 'account.css'));

/** The style sheet of the pages; its path changes with its content. */
export const styleSheet = {
  path: `/account/assets/${createHash('sha256').update(style).digest('base64url').slice(0, 16)}/account.css`,
  body: style,
};

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text of anyone's, fit for markup and for quoted attributes. */
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character] as string);

/** A page of the shop for people who are not signed in. @param body markup, what is not ours escaped */
export const page = ({ title, body }: { title: string; body: string }): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escaped(title)} · Crema</title>
<link rel="stylesheet" href="${styleSheet.path}">
</head>
<body>
<main>
<p class="brand">Crema</p>
<h1>${escaped(title)}</h1>
${body}
</main>
</body>
</html>
`;

/** A field of a form, with what is wrong with it, if anything is. */
interface Field {
  name: string;
  label: string;
  type: 'email' | 'password' | 'text';
  /** What browsers and password managers fill in. */
  autocomplete: string;
  value?: string | undefined;
  hint?: string;
  fault?: string | undefined;
  readOnly?: boolean;
}

/** A form that needs no JavaScript. @param hidden sent along as it is */
export function form(
  action: string,
  { fields, hidden = {}, button }: { fields: Field[]; hidden?: Record<string, string>; button: string },
): string {
  const kept = Object.entries(hidden).map(
    ([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`,
  );
  return `<form method="post" action="${action}">
${[...kept, ...fields.map(fieldset)].join('\n')}
<button>${escaped(button)}</button>
</form>`;
}

function fieldset({ name, label, type, autocomplete, value = '', hint, fault, readOnly }: Field): string {
  const notes = [
    ...(fault ? [`<p class="fault" id="${name}-fault" role="alert">${escaped(fault)}</p>`] : []),
    ...(hint ? [`<p class="hint" id="${name}-hint">${escaped(hint)}</p>`] : []),
  ];
  const described = [fault && `${name}-fault`, hint && `${name}-hint`].filter(Boolean).join(' ');
  const attributes = [
    `id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" value="${escaped(value)}"`,
    readOnly ? 'readonly' : 'required',
    ...(described ? [`aria-describedby="${described}"`] : []),
    ...(fault ? ['aria-invalid="true"'] : []),
  ];
  return `<label for="${name}">${escaped(label)}</label>
<input ${attributes.join(' ')}>
${notes.join('\n')}`;
}
