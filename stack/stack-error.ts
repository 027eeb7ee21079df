import { ConfigurationError } from '../config/environment.ts';

/** A problem of this machine, such as a missing program. The message says what is wrong and how to fix it. */
export class StackError extends ConfigurationError {
  override name = 'StackError';
}

/** A service cannot start because another program uses its port. */
export class PortTakenError extends StackError {}
