import { z } from 'zod';

/**
 * Returns whether an address meets the length limits of RFC 5321 §4.5.3.1 and RFC 1035 §2.3.1. zod's pattern does not check them.
 */
function isDeliverable(address: string): boolean {
  const [local = '', domain = ''] = address.split('@');
  return local.length <= 64 && domain.split('.').every((label) => label.length <= 63 && !label.endsWith('-'));
}

/** Returns the schema of an email address. @param rule the message for any other text */
export const emailAddress = (rule = 'must be an email address') =>
  z.email(rule).max(254, rule).refine(isDeliverable, rule);
