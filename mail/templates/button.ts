import { html } from '../../languages/markup.ts';
import type { Part } from './layout.ts';
import { look } from './look.ts';

/** Renders a link as a button. @param orOpen the text before the URL, which is then also shown as text */
export const linkButton = (label: string, link: string, orOpen?: string): Part => ({
  html: html`
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin-top:28px;"><tr>
<td class="glad" bgcolor="#a34f1a" style="mso-padding-alt:14px 26px;border-radius:10px;background-color:#a34f1a;color:#ffffff;">
<a class="glad" href="${link}" style="${look.strong}display:inline-block;padding:14px 26px;border-radius:10px;color:#ffffff;text-decoration:none;">${label}</a>
</td></tr></table>${
    orOpen === undefined
      ? null
      : html`
<p class="faint" style="${look.small}margin:24px 0 0;">${orOpen}<br><a class="faint" href="${link}" style="color:#75604f;word-break:break-all;">${link}</a></p>`
  }`,
  text: `${label}:\n${link}`,
});
