import { ConfigurationError } from '../../config/environment.ts';
import type { CatalogView } from '../../db/catalog-view.ts';
import { otherCurrency } from '../../domain/catalog/other-currency.ts';

/** @throws {ConfigurationError} if products or option groups on sale are priced in another currency */
export async function requireCurrency(currency: string, view: Pick<CatalogView, 'currencies'>): Promise<void> {
  const fault = otherCurrency(currency, await view.currencies());
  if (fault) throw new ConfigurationError(fault);
}
