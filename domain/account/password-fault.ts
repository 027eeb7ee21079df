/** Why a new password is rejected. */
export type PasswordFault = 'too_short' | 'too_long' | 'control_characters' | 'too_easy';
