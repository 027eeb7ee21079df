import { accountSamples } from '../../mail/samples.ts';
import { renderAccountEmail } from '../../mail/templates/account-email.ts';

describe('the mails about an account', () => {
  test.each(accountSamples)(
    'When $name is written, then text and HTML say the same, and lead where they should',
    ({ input }) => {
      const { subject, text, html } = renderAccountEmail(input);
      expect(subject).toContain('Crema');
      expect(html).toMatch(/<html lang="en-US"/);
      expect(html).toContain('prefers-color-scheme: dark');
      const links = (said: string) => new Set(said.match(/https?:\/\/[^\s"<]+/g) ?? []);
      expect([...links(text)]).toEqual([input.link]);
      expect(links(html)).toEqual(links(text));
      expect(html.match(/<a /g) ?? []).toHaveLength(2);
      expect(html).not.toMatch(/<img|<link|@import|url\(|<script/i);
      expect(`${text}${html}`).not.toMatch(/undefined|null|\[object/);
    },
  );

  test('When all are laid side by side, then no two have one subject', () => {
    const subjects = accountSamples.map(({ input }) => renderAccountEmail(input).subject);
    expect(new Set(subjects).size).toBe(accountSamples.length);
  });

  test('When a name is markup or has line breaks, then it is shown on one line and not obeyed', () => {
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

  test('When nobody knows the name, then the mail greets without one', () => {
    expect(
      renderAccountEmail({ kind: 'reset', name: '', link: 'https://crema.example', shopName: 'Crema' }).text,
    ).toMatch(/^Forgot your password\? It happens\n/);
  });
});
