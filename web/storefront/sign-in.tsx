import { Heading } from '../page/heading.tsx';
import { session } from './session.ts';
import { words } from './words.ts';

/** Leads to the sign-in page, and to the registration. */
export const SignInButtons = () => (
  <>
    <button type="button" onClick={() => session.signIn()}>
      {words.value.signIn}
    </button>
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
