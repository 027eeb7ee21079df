/** Why a password cannot be chosen. */
export type PasswordFault = 'too_short' | 'too_long' | 'control_characters' | 'too_easy';
