/** All workflows. The name of each export is the workflow's type. This module is the entry point of the worker's bundle. */
export { accountMail } from './account-mail.ts';
export { erasure } from './erasure.ts';
export { order } from './order.ts';
export { reconcile } from './reconcile.ts';
export { resend } from './resend.ts';
export { unansweredEmail } from './unanswered-email.ts';
export { webhookDelivery } from './webhook-delivery.ts';
export { webhookNotice } from './webhook-notice.ts';
