import { createPasswordRules } from '../../api/account/password-rules.ts';
import { hashPassword, verifyPassword } from '../../db/passwords.ts';

const rules = createPasswordRules();
afterAll(() => rules.close());

const about = ['ana.souza@example.com', 'Ana Souza'];

describe('When somebody chooses a password', () => {
  test.each([
    'seven violins in the rain',
    'correct horse battery staple',
    'Zq8!vLp3#xT9wRb',
    'neun Veilchen über dem Café',
    'Привет мир как дела',
    '正しい馬電池の針金を見た今日は雨',
    '§°¢¥®¶÷×¿¡«»¤¦¬±',
    `${'seven violins in the rain '.repeat(4)}and twenty-four more.`,
  ])('then %j is a good one', async (password) => {
    expect(await rules.refuse(password, about)).toBeUndefined();
  });

  test.each([
    ['fourteen chars', 'at least 15'],
    ['😀'.repeat(14), 'at least 15'],
    ['é'.normalize('NFD').repeat(14), 'at least 15'],
    [`seven violins in the rain${'x'.repeat(104)}`, 'at most 128'],
    ['\ufdfa'.repeat(10), 'at most 128'],
    ['seven violins\nin the rain', 'control characters'],
    ['seven violins \ud800 in the rain', 'control characters'],
    // Commonplaces, alone and put together.
    ['123456789012345', 'too easy'],
    ['passwordpassword', 'too easy'],
    ['password password', 'too easy'],
    ['P@ssw0rdP@ssw0rd', 'too easy'],
    ['Password123456789', 'too easy'],
    ['qwertyuiopasdfgh', 'too easy'],
    ['1qaz2wsx3edc4rfv', 'too easy'],
    ['qwerty-qwerty-qwerty', 'too easy'],
    ['aaaaaaaaaaaaaaa', 'too easy'],
    ['abcdefghijklmnop', 'too easy'],
    ['19871987198719871987', 'too easy'],
    ['iloveyou iloveyou', 'too easy'],
    ['letmeinletmein99', 'too easy'],
    // What is known of the person and of the shop.
    ['ana.souza@example.com', 'too easy'],
    ['Ana Souza Ana Souza', 'too easy'],
    ['souza.ana.crema.1987', 'too easy'],
    ['crema coffee crema', 'too easy'],
  ])('then %j is refused', async (password, why) => {
    expect(await rules.refuse(password, about)).toEqual({
      refused: 'weak_password',
      fault: expect.stringContaining(why),
    });
  });
});

test('When a password is checked, then it is the same in every form of its characters', async () => {
  const hash = await hashPassword('cafe\u0301 au lait, ﬁne and hot');
  expect(await verifyPassword(hash, 'café au lait, fine and hot')).toBe(true);
  expect(await verifyPassword(hash, 'cafe au lait, fine and hot')).toBe(false);
});
