import { signal } from '@preact/signals';
import { getToken } from '../client/index.ts';
import { Brand } from '../page/brand.tsx';
import { Heading } from '../page/heading.tsx';
import type { Session } from '../session/session.ts';
import { words } from './words.ts';

/** The scopes that the display needs. A service with others would leave more rights on the screen than reading. */
const READING = ['events:read', 'orders:read'];

type Fault = 'refused' | 'retry' | 'scopes';

const fault = signal<Fault | null>(null);

/** Signs in with the credentials in a form, if they give no right besides reading. */
async function connect(form: HTMLFormElement, session: Session): Promise<void> {
  const fields = new FormData(form);
  const body = {
    grant_type: 'client_credentials' as const,
    client_id: String(fields.get('id')).trim(),
    client_secret: String(fields.get('secret')).trim(),
  };
  const { data, response } = await getToken({ body });
  if (!data) fault.value = response && response.status < 429 ? 'refused' : 'retry';
  else if (data.scope?.split(' ').toSorted().join() !== READING.join()) fault.value = 'scopes';
  else session.keep(data, body);
}

/** What a screen shows before it is signed in. */
export const Start = ({ session }: { session: Session }) => {
  const { about, signIn, rights, service, id, secret, connect: button, ...faults } = words.value.start;
  return (
    <main class="start">
      <Brand />
      <Heading>{words.value.title}</Heading>
      <p>{about}</p>
      <button type="button" onClick={() => session.signIn({ again: true })}>
        {signIn}
      </button>
      <p class="faint">{rights}</p>
      <details open={fault.value !== null}>
        <summary>{service}</summary>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void connect(event.currentTarget, session);
          }}
        >
          <label for="id">{id}</label>
          <input id="id" name="id" required autocomplete="off" spellcheck={false} />
          <label for="secret">{secret}</label>
          <input id="secret" name="secret" type="password" required autocomplete="off" />
          {fault.value && (
            <p class="fault" role="alert">
              {faults[fault.value]}
            </p>
          )}
          <button type="submit">{button}</button>
        </form>
      </details>
    </main>
  );
};
