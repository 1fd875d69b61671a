import { mount } from 'svelte';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/base.css';
import { firstLanguage, setLanguage } from './i18n/index.svelte';
import { listenToLinks } from './lib/router.svelte';
import { readLocal } from './lib/theme.svelte';
import { loadName, loadSession } from './lib/session.svelte';

// Both at once: who we are, and in which language.
const who = loadSession().catch((error: unknown) => error);
void loadName().catch(() => undefined); // nothing waits for it
await setLanguage(firstLanguage(readLocal('language')));
listenToLinks();
mount(App, { target: document.body, props: { startError: await who } });
