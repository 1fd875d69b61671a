import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const server = process.env.SERVER_URL ?? 'http://127.0.0.1:8080';

export default defineConfig(({ mode }) => ({
  base: '/app/',
  plugins: [svelte()],
  resolve: {
    alias: { $: fileURLToPath(new URL('./src', import.meta.url)) },
    // Tests mount components in jsdom; without this they would get what renders on a server.
    ...(mode === 'test' ? { conditions: ['browser'] } : {}),
  },
  build: {
    // light-dark(), nesting and dialogs as they are: browsers of 2024 and later.
    target: ['chrome123', 'firefox121', 'safari17.5'],
    // The policy allows no inline style or script, and no data: for either.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: false,
    // What the first load needs is few files: small ones pack badly each by itself.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'base',
              test: /src[\\/](lib|api|i18n[\\/]index)|src[\\/]ui[\\/](Avatar|Badge|Banner|Button|Dialog|EmptyState|ErrorBox|Field|IconButton|Input|LazyMenu|Skeleton|StateBadge|Toasts)\.|@lucide[\\/]svelte[\\/]dist[\\/](Icon|icons[\\/](arrow-(up|down)|bookmark-plus|chart-column|circle-(check|dashed|dot|pause)|columns-3|inbox|layers|list-filter|lock|menu|panel-right|paperclip|pencil|plus|refresh-cw|search|search-x|settings|triangle-alert|users|wifi-off|x)\.)/,
            },
          ],
        },
      },
    },
  },
  // In development the API is asked for at a server that runs beside: SERVER_URL=… npm run dev.
  server: { proxy: { '/api': { target: server, changeOrigin: true }, '/health': server } },
  // One worker and one document for all: starting jsdom costs more than the tests.
  test: { environment: 'jsdom', include: ['src/**/*.test.ts'], isolate: false, fileParallelism: false },
}));
