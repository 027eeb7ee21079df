import { Heading } from '../page/heading.tsx';
import { session } from './session.ts';
import { words } from './words.ts';

export const SignInButton = ({ label }: { label: string }) => (
  <button type="button" onClick={() => session.signIn()}>
    {label}
  </button>
);

export const SignInButtons = () => (
  <>
    <SignInButton label={words.value.signIn} />
    <a href="/account/register">{words.value.register}</a>
  </>
);

/** Replaces a view that needs a sign-in. */
export const SignInFirst = ({ isForOrder }: { isForOrder: boolean }) => (
  <>
    <Heading>{isForOrder ? words.value.signInToOrder : words.value.orders}</Heading>
    {isForOrder && <p>{words.value.signInAbout}</p>}
    <div class="row">
      <SignInButtons />
    </div>
  </>
);
