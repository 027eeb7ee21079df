import { ConfigurationError } from '../../config/environment.ts';
import type { CatalogView } from '../../db/catalog-view.ts';

/** @throws {ConfigurationError} if products or option groups on sale are priced in another currency, because they could not be ordered */
export async function requireCurrency(currency: string, view: Pick<CatalogView, 'currencies'>): Promise<void> {
  const [other] = (await view.currencies()).filter((each) => each !== currency);
  if (other)
    throw new ConfigurationError(
      `CURRENCY is ${currency}, but products or options on sale are priced in ${other}: set CURRENCY=${other}, or delete these first.`,
    );
}
