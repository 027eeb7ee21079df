import { escapeHtml } from '../pages/page.ts';

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
    ([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`,
  );
  return `<form method="post" action="${action}">
${[...kept, ...fields.map(fieldset)].join('\n')}
<div class="choices"><button>${escapeHtml(button)}</button></div>
</form>`;
}

function fieldset({ name, label, type, autocomplete, value = '', hint, fault, readOnly }: Field): string {
  const notes = [
    ...(fault ? [`<p class="fault" id="${name}-fault" role="alert">${escapeHtml(fault)}</p>`] : []),
    ...(hint ? [`<p class="hint" id="${name}-hint">${escapeHtml(hint)}</p>`] : []),
  ];
  const described = [fault && `${name}-fault`, hint && `${name}-hint`].filter(Boolean).join(' ');
  const attributes = [
    `id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" value="${escapeHtml(value)}"`,
    readOnly ? 'readonly' : 'required',
    ...(described ? [`aria-describedby="${described}"`] : []),
    ...(fault ? ['aria-invalid="true"'] : []),
  ];
  return `<label for="${name}">${escapeHtml(label)}</label>
<input ${attributes.join(' ')}>
${notes.join('\n')}`;
}
