type Row = { id: string };

/** The index of the option group that the first product has. No other request changes it. */
export const GROUP_IN_USE = 4;

/** The ids that {@link successfulRequests} needs. */
export interface Ids {
  orders: Row[];
  products: (Row & { variations: Row[] })[];
  optionGroups: (Row & { options: Row[] })[];
  users: Row[];
  webhooks: Row[];
  /** A sent email about the first order. */
  email: Row;
  /** A delivery of the last webhook. */
  redelivered: Row;
  invitation: Row;
  /** An email address that complained. */
  suppressed: string;
}

/** A request for Schemathesis. */
interface ExampleRequest {
  path_parameters: Record<string, string | undefined>;
  body?: unknown;
  media_type?: string;
}

/**
 * Returns a request for each operation, by `operationId`, that succeeds if the caller has access. Each request changes a row of
 * its own, because a cancelled order cannot be moved any more.
 *
 * @param lines the lines of orders
 */
export function successfulRequests(
  { orders, products, optionGroups, users, webhooks, ...rest }: Ids,
  lines: object[],
): Record<string, ExampleRequest> {
  const order = (index: number) => ({ id: orders[index]?.id });
  const product = (index: number) => ({ id: products[index]?.id });
  const variation = (index: number) => ({ ...product(index), variationId: products[index]?.variations[0]?.id });
  const group = (index: number) => ({ id: optionGroups[index]?.id });
  const option = (index: number) => ({ ...group(index), optionId: optionGroups[index]?.options[0]?.id });
  const webhook = (index: number) => ({ id: webhooks[index]?.id });
  const requests: Record<string, [path: ExampleRequest['path_parameters'], body?: unknown]> = {
    getOrder: [order(0)],
    getOrderTimeline: [order(0)],
    changeOrderStatus: [order(1), { status: 'preparation' }],
    cancelOrder: [order(2), { reasonCode: 'too_busy' }],
    editOrder: [order(3), { note: 'No sugar' }],
    resendNotification: [{ ...order(0), deliveryId: rest.email.id }],
    liftEmailSuppression: [{}, { email: rest.suppressed }],
    changeWebhook: [webhook(1), { description: 'The kitchen' }],
    rotateWebhookSecret: [webhook(2)],
    deleteWebhook: [webhook(4)],
    redeliverWebhookDelivery: [{ ...webhook(5), deliveryId: rest.redelivered.id }],
    placeOrder: [{}, { lines }],
    quoteOrder: [{}, { lines }],
    getProduct: [product(0)],
    changeProduct: [product(0), { position: 3 }],
    restoreProduct: [product(0)],
    deleteProduct: [product(1)],
    addVariation: [product(2), { name: 'Small', priceDelta: { amount: 0, currency: 'USD' } }],
    changeVariation: [variation(2), { position: 3 }],
    restoreVariation: [variation(2)],
    deleteVariation: [variation(3)],
    getOptionGroup: [group(GROUP_IN_USE)],
    changeOptionGroup: [group(0), { max: 3 }],
    restoreOptionGroup: [group(0)],
    deleteOptionGroup: [group(1)],
    addOption: [group(2), { name: 'Small', priceDelta: { amount: 0, currency: 'USD' } }],
    changeOption: [option(2), { position: 3 }],
    restoreOption: [option(2)],
    deleteOption: [option(3)],
    revokeInvitation: [{ id: rest.invitation.id }],
    changeUser: [{ id: users[2]?.id }, { role: 'barista' }],
    promoteUser: [{ id: users[1]?.id }],
    demoteUser: [{ id: users[1]?.id }],
  };
  return Object.fromEntries(
    Object.entries(requests).map(([operationId, [path_parameters, body]]) => [
      operationId,
      { path_parameters, ...(body !== undefined && { body, media_type: 'application/json' }) },
    ]),
  );
}
