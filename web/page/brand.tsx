import cup from '../styles/cup.svg';
import { settings } from './settings.ts';

/** The shop's name, which links to the storefront. */
export const Brand = () => (
  <a class="brand" href="/">
    <img src={cup} alt="" />
    <bdi>{settings.shopName}</bdi>
  </a>
);
