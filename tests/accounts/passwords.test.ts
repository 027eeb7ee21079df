import { createPasswordRules } from '../../api/accounts/password-rules.ts';
import { hashPassword, verifyPassword } from '../../api/auth/password-hash.ts';

const rules = createPasswordRules('Café Violeta');
afterAll(() => rules.close());

const about = ['ana.souza@example.com', 'Ana Souza'];

describe('the password rules', () => {
  test.each([
    'seven violins in the rain',
    'correct horse battery staple',
    'Zq8!vLp3#xT9wRb',
    'neun Veilchen über dem Café',
    'Привет мир как дела',
    '正しい馬電池の針金を見た今日は雨',
    '§°¢¥®¶÷×¿¡«»¤¦¬±',
    `${'seven violins in the rain '.repeat(4)}and twenty-four more.`,
  ])('accept %j', async (password) => {
    expect(await rules.refuse(password, about)).toBeUndefined();
  });

  test.each([
    ['fourteen chars', 'too_short'],
    ['😀'.repeat(14), 'too_short'],
    ['é'.normalize('NFD').repeat(14), 'too_short'],
    [`seven violins in the rain${'x'.repeat(104)}`, 'too_long'],
    ['\ufdfa'.repeat(10), 'too_long'],
    ['seven violins\nin the rain', 'control_characters'],
    ['seven violins \ud800 in the rain', 'control_characters'],
    // Common passwords, alone and combined.
    ['123456789012345', 'too_easy'],
    ['passwordpassword', 'too_easy'],
    ['password password', 'too_easy'],
    ['P@ssw0rdP@ssw0rd', 'too_easy'],
    ['Password123456789', 'too_easy'],
    ['qwertyuiopasdfgh', 'too_easy'],
    ['1qaz2wsx3edc4rfv', 'too_easy'],
    ['qwerty-qwerty-qwerty', 'too_easy'],
    ['aaaaaaaaaaaaaaa', 'too_easy'],
    ['abcdefghijklmnop', 'too_easy'],
    ['19871987198719871987', 'too_easy'],
    ['iloveyou iloveyou', 'too_easy'],
    ['letmeinletmein99', 'too_easy'],
    // The names of the user and of the shop.
    ['ana.souza@example.com', 'too_easy'],
    ['Ana Souza Ana Souza', 'too_easy'],
    ['souza.ana.crema.1987', 'too_easy'],
    ['crema coffee crema', 'too_easy'],
    ['Café Violeta 2026', 'too_easy'],
    ['violeta.violeta.1987', 'too_easy'],
  ])('reject %j', async (password, why) => {
    expect(await rules.refuse(password, about)).toEqual({
      refused: 'weak_password',
      fault: why,
    });
  });
});

test('a password matches in every Unicode normalization form', async () => {
  const hash = await hashPassword('cafe\u0301 au lait, ﬁne and hot');
  expect(await verifyPassword(hash, 'café au lait, fine and hot')).toBe(true);
  expect(await verifyPassword(hash, 'cafe au lait, fine and hot')).toBe(false);
});
