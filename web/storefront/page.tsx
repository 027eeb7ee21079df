import { Brand } from '../page/brand.tsx';
import { showPage } from '../page/show-page.tsx';

showPage(() => <Brand />);
