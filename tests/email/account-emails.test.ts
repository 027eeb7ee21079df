import { accountSamples } from '../../mail/samples.ts';
import { renderAccountEmail } from '../../mail/templates/account-email.ts';

describe('emails about an account', () => {
  test.each(accountSamples)('$name has the same link in text and HTML, and loads no other resource', ({ input }) => {
    const { subject, text, html } = renderAccountEmail(input);
    expect(subject).toContain('Crema');
    expect(html).toMatch(/<html lang="en-US"/);
    expect(html).toContain('prefers-color-scheme: dark');
    const links = (content: string) => new Set(content.match(/https?:\/\/[^\s"<]+/g) ?? []);
    expect([...links(text)]).toEqual([input.link]);
    expect(links(html)).toEqual(links(text));
    expect(html.match(/<a /g) ?? []).toHaveLength(2);
    expect(html).not.toMatch(/<img|<link|@import|url\(|<script/i);
    expect(`${text}${html}`).not.toMatch(/undefined|null|\[object/);
  });

  test('each has its own subject', () => {
    const subjects = accountSamples.map(({ input }) => renderAccountEmail(input).subject);
    expect(new Set(subjects).size).toBe(accountSamples.length);
  });

  test('shows a name with markup and line breaks as text on one line', () => {
    const name = 'Ana\r\nBcc: eve@example.org\u202e <script>alert(1)</script>';
    const { html, text, subject } = renderAccountEmail({
      kind: 'invitation',
      name,
      link: 'https://crema.example',
      shopName: 'A\r\nB',
    });
    expect(html).not.toContain('<script');
    expect(text).toContain('Welcome, Ana Bcc: eve@example.org <script>alert(1)</script>!');
    expect(subject).toBe('You are invited to A B');
  });

  test('greets without a name if it is unknown', () => {
    expect(
      renderAccountEmail({ kind: 'reset', name: '', link: 'https://crema.example', shopName: 'Crema' }).text,
    ).toMatch(/^Forgot your password\? It happens\n/);
  });
});
