/** Everything the worker bundles: the workflows, by type. */
export { accountMail } from './account-mail.ts';
export { erasure } from './erasure.ts';
export { order } from './order.ts';
export { reconcile } from './reconcile.ts';
export { resend } from './resend.ts';
export { unansweredEmail } from './unanswered-email.ts';
export { webhookDelivery } from './webhook-delivery.ts';
export { webhookNotice } from './webhook-notice.ts';
