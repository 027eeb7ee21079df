import { defineConfig } from '@hey-api/openapi-ts';

export default defineConfig({
  input: `${process.env.SHOP}/openapi.yaml`,
  output: 'client',
  plugins: ['@hey-api/client-fetch'],
});
