import { type Html, html } from '../../../languages/markup.ts';

/** A field of a form, with its error if it has one. */
export interface Field {
  name: string;
  label: string;
  type: 'email' | 'password' | 'text';
  /** The HTML attribute `autocomplete`, which browsers and password managers use. */
  autocomplete: string;
  value?: string | undefined;
  hint?: string | undefined;
  fault?: string | undefined;
  readOnly?: boolean;
}

/**
 * Returns a form that works without JavaScript and focuses the first field with an error. @param hidden its other values, by name
 */
export function form(
  action: string,
  { fields, hidden = {}, button }: { fields: Field[]; hidden?: Record<string, string>; button: string },
): Html {
  const kept = Object.entries(hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">\n`,
  );
  const faulty = fields.find(({ fault }) => fault);
  return html`<form method="post" action="${action}">
${kept}${fields.map((field) => fieldset(field, field === faulty))}
<div class="choices"><button>${button}</button></div>
</form>`;
}

function fieldset(
  { name, label, type, autocomplete, value = '', hint, fault, readOnly }: Field,
  hasFocus: boolean,
): Html {
  const described = [fault && `${name}-fault`, hint && `${name}-hint`].filter(Boolean).join(' ');
  const attributes = [
    html`id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" value="${value}"`,
    readOnly ? html` readonly` : html` required`,
    type === 'text' ? html` dir="auto"` : null,
    described ? html` aria-describedby="${described}"` : null,
    fault ? html` aria-invalid="true"` : null,
    hasFocus ? html` autofocus` : null,
  ];
  return html`<label for="${name}">${label}</label>
<input ${attributes}>
${fault ? html`<p class="fault" id="${name}-fault" role="alert">${fault}</p>` : null}
${hint ? html`<p class="hint" id="${name}-hint">${hint}</p>` : null}`;
}
