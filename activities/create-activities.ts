import { cancellationSignal } from '@temporalio/activity';
import type { AccountRequestRepository } from '../db/account-requests.ts';
import type { CustomerNames } from '../db/customer-names.ts';
import type { DeliveryLedger } from '../db/deliveries.ts';
import type { EmailSuppressions } from '../db/email-suppressions.ts';
import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import type { UserRepository } from '../db/users.ts';
import type { WebhookRepository } from '../db/webhooks.ts';
import type { UnansweredEmail } from '../domain/order/unanswered-email.ts';
import type { FollowLinks } from '../mail/follow-links.ts';
import { createAnnounce } from './announce.ts';
import { createDeliverWebhook, createSettleWebhook, type WebhookDependencies } from './deliver-webhook.ts';
import { createAccountEmail } from './email/account-email.ts';
import type { Mailer } from './email/mailer.ts';
import { createOrderEmails, createResendOrderEmail } from './email/order-emails.ts';
import { createSendOrderEmail } from './email/send-order-email.ts';
import type { ShopSettings } from './email/shop-settings.ts';
import { createErase, createForget, type ErasureRecords } from './erase.ts';
import { createJournaling, createWriteEntries } from './journal.ts';
import { createPublishing, type Publisher } from './publish.ts';
import { createReconcile, type WorkflowRecords } from './reconcile-orders.ts';
import { createWebhookNotice } from './webhook-notice.ts';

/** The dependencies of all activities, supplied by `worker/compose-activities.ts`. */
export interface ActivityDependencies extends WebhookDependencies, ShopSettings {
  journal: Journal;
  orders: OrderRepository;
  records: WorkflowRecords;
  ledger: DeliveryLedger;
  users: UserRepository;
  accountRequests: AccountRequestRepository;
  customerNames: CustomerNames;
  /** Days after the end of a counter order until its customer's name is removed. */
  customerNameDays: number;
  suppressions: EmailSuppressions;
  erasures: ErasureRecords;
  webhooks: WebhookRepository;
  redis: Publisher;
  mailer: Mailer;
  /** The pause before an email that the mail server did not confirm is sent again, in ms. */
  unansweredPauseMs: number;
  /** Schedules the workflow that sends such an email again. @param pauseMs the delay before the workflow starts, in ms */
  scheduleResend(email: UnansweredEmail, pauseMs: number): Promise<void>;
  /** Base URL of the links in emails. */
  publicUrl: string;
  followLinks: FollowLinks;
}

/** Returns the activities: the side effects of the workflows. Each is idempotent, because Temporal may run it again. */
export function createActivities(dependencies: ActivityDependencies) {
  const writeEntries = createWriteEntries(dependencies);
  const publishing = createPublishing(dependencies);
  const sendOrderEmail = createSendOrderEmail(dependencies);
  const orderEmails = createOrderEmails({ ...dependencies, sendOrderEmail });
  const notice = createWebhookNotice(dependencies);
  return {
    announce: createAnnounce({ writeEntries, publishing, orderEmails }),
    journal: createJournaling({ writeEntries, publishing }),
    publish: publishing.publish,
    email: orderEmails.email,
    firstEmails: orderEmails.firstEmails,
    resendUnanswered: orderEmails.resendUnanswered,
    reconcile: createReconcile(dependencies),
    forget: createForget(dependencies),
    resendEmail: createResendOrderEmail({ ...dependencies, sendOrderEmail }),
    accountMail: createAccountEmail(dependencies),
    erase: createErase(dependencies),
    deliverWebhook: createDeliverWebhook(dependencies),
    settleWebhook: createSettleWebhook(dependencies),
    webhookNotice: (webhookId: string) => notice(webhookId, cancellationSignal()),
  };
}

export type Activities = ReturnType<typeof createActivities>;
