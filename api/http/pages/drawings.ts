import { type Html, html } from '../../../languages/markup.ts';

/** The icon of all pages. */
export const cup: Html = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" aria-hidden="true">
<rect width="32" height="32" rx="7" fill="#c8843c"/>
<path d="M7 13h15v7a6 6 0 0 1-6 6h-3a6 6 0 0 1-6-6z" fill="#fffdfa"/>
<path d="M22 15h1.500a3 3 0 0 1 0 6H22" fill="none" stroke="#fffdfa" stroke-width="2"/>
<path d="M11 10c-1.500-1.500 1.500-3 0-5M15.500 10c-1.500-1.500 1.500-3 0-5" fill="none" stroke="#3b2417" stroke-width="1.600" stroke-linecap="round"/>
</svg>`;

export const latte: Html = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 480">
<defs>
<radialGradient id="saucer"><stop offset=".62" stop-color="#e6d6c2"/><stop offset=".74" stop-color="#f3e8da"/><stop offset="1" stop-color="#dcc8b0"/></radialGradient>
<radialGradient id="coffee"><stop offset="0" stop-color="#a5693a"/><stop offset=".7" stop-color="#935a2e"/><stop offset=".93" stop-color="#6f3f1e"/><stop offset="1" stop-color="#57301a"/></radialGradient>
<linearGradient id="china" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#fffdfa"/><stop offset="1" stop-color="#e9dccb"/></linearGradient>
<filter id="shadow" x="-20%" y="-20%" width="150%" height="150%"><feGaussianBlur stdDeviation="9"/></filter>
</defs>
<ellipse cx="252" cy="258" rx="202" ry="200" fill="#000" opacity=".35" filter="url(#shadow)"/>
<circle cx="240" cy="240" r="200" fill="url(#saucer)"/>
<circle cx="240" cy="240" r="196" fill="none" stroke="#fffdfa" stroke-opacity=".7" stroke-width="3"/>
<ellipse cx="250" cy="252" rx="146" ry="144" fill="#5b3a22" opacity=".35" filter="url(#shadow)"/>
<g transform="rotate(-38 240 240)">
<path d="M370 214h48a26 26 0 0 1 0 52h-48" fill="none" stroke="#d9c7b1" stroke-width="23"/>
<path d="M370 214h48a26 26 0 0 1 0 52h-48" fill="none" stroke="url(#china)" stroke-width="18"/>
</g>
<circle cx="240" cy="240" r="140" fill="url(#china)"/>
<circle cx="240" cy="240" r="126" fill="url(#coffee)"/>
<g transform="rotate(14 240 240)" fill="#fbeedd">
<path d="M240 340c-44-18-84-48-84-88 0-26 18-42 40-42 19 0 35 10 44 27 9-17 25-27 44-27 22 0 40 16 40 42 0 40-40 70-84 88z" opacity=".95"/>
<path d="M240 296c-28-11-54-31-54-57 0-17 12-27 26-27 12 0 22 6 28 17 6-11 16-17 28-17 14 0 26 10 26 27 0 26-26 46-54 57z" fill="#9c6235"/>
<path d="M240 276c-21-9-41-24-41-44 0-13 9-21 20-21 9 0 17 5 21 13 4-8 12-13 21-13 11 0 20 8 20 21 0 20-20 35-41 44z"/>
<path d="M240 240c-14-6-27-16-27-29 0-9 6-14 13-14 6 0 11 3 14 9 3-6 8-9 14-9 7 0 13 5 13 14 0 13-13 23-27 29z" fill="#9c6235"/>
<path d="M240 222c-10-4-19-11-19-20 0-6 4-10 9-10 4 0 8 2 10 6 2-4 6-6 10-6 5 0 9 4 9 10 0 9-9 16-19 20zM238 206c-4-26-4-54 2-76 6 22 6 50 2 76z"/>
</g>
<path d="M140 178a118 118 0 0 1 74-52" fill="none" stroke="#fff" stroke-opacity=".28" stroke-width="7" stroke-linecap="round"/>
<g transform="translate(-22 16) rotate(46 92 372)">
<ellipse cx="92" cy="318" rx="17" ry="26" fill="#cbbfae"/><ellipse cx="90" cy="316" rx="12" ry="20" fill="#e8dfd2"/>
<rect x="88" y="340" width="8" height="112" rx="4" fill="#cbbfae"/><rect x="89" y="340" width="3" height="110" rx="1.500" fill="#eee7dc"/>
</g>
</svg>`;
