export const channels = ['online', 'counter'] as const;
export type Channel = (typeof channels)[number];

/** Returns the channel of an order. Orders without a customer's account were placed at the counter. */
export const channelOf = ({ customer }: { customer: { id: string | null } }): Channel =>
  customer.id === null ? 'counter' : 'online';
