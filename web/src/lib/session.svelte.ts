// Who is signed in. The session itself is a cookie that scripts cannot read.
import { Problem } from '$/api/problem';
import type { User } from '$/api/types';
import { nameProduct } from '$/i18n/index.svelte';
import { beginBehind } from './live.svelte';
import { readLocal, writeLocal } from './theme.svelte';

type Login = { user?: User; mfa_required?: boolean; mfa_token?: string };

const state = $state<{ user: User | null; ready: boolean; expired: boolean }>({
  user: null,
  ready: false,
  expired: false,
});
let again: Promise<void> | undefined;
let resume: (() => void) | undefined;

export const session = {
  get user() {
    return state.user;
  },
  get ready() {
    return state.ready;
  },
  /** It ended while somebody was working: the window that asks for the password is open. */
  get expired() {
    return state.expired;
  },
  can(permission: string) {
    return state.user?.permissions?.includes(permission) ?? false;
  },
  canAny(permissions: readonly string[]) {
    return permissions.some((p) => session.can(p));
  },
  /** May he administer anything at all? */
  get manages() {
    return state.user?.permissions?.some((p) => p.startsWith('admin.')) ?? false;
  },
};

async function call(method: string, path: string, body?: unknown): Promise<Response> {
  const csrf = /(?:^|; )csrf_token=([^;]*)/.exec(document.cookie)?.[1] ?? '';
  try {
    return await fetch(`/api/v1${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(method !== 'GET' ? { 'x-csrf-token': csrf } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  } catch {
    throw new Problem(0);
  }
}

async function take(response: Response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, body, Number(response.headers.get('retry-after') ?? 0));
  return body;
}

/** The newest event before anything is shown: what happens between the first pages and the live stream is heard, too. */
async function findEnd() {
  const response = await call('GET', '/events?limit=1');
  if (response.ok) beginBehind(((await response.json()) as { page: { next: string } }).page.next);
}

/** What the help desk is called, also for who has not signed in; until it is known it is what it was called here before. */
export async function loadName() {
  nameProduct(readLocal('product') ?? '');
  const response = await call('GET', '');
  if (!response.ok) return;
  const { product_name } = (await response.json()) as { product_name: string | null };
  nameProduct(product_name ?? '');
  writeLocal('product', product_name ?? '');
}

/** Asks who we are; at the start, and after a sign-in (its answer does not tell what one may do). */
export async function loadSession() {
  const [response] = await Promise.all([call('GET', '/me'), findEnd().catch(() => undefined)]);
  state.user = response.status === 401 ? null : ((await take(response)) as User);
  state.ready = true;
}

async function finish(login: Login) {
  const before = state.user?.id;
  if (state.expired && login.user && before !== login.user.id) {
    // Somebody else took the chair: nothing of the one before may be shown.
    location.reload();
    return;
  }
  await loadSession();
  state.expired = false;
  again = undefined;
  resume?.();
}

/** The first step; answers the token for the second one when there is one. */
export async function signIn(email: string, password: string): Promise<string | undefined> {
  const login = (await take(await call('POST', '/auth/login', { email, password }))) as Login;
  if (login.mfa_required) return login.mfa_token;
  await finish(login);
  return undefined;
}

export async function signInCode(token: string, code: string) {
  const digits = code.replace(/\s/g, '');
  const proof = /^\d{6}$/.test(digits) ? { code: digits } : { recovery_code: code.trim() };
  await finish((await take(await call('POST', '/auth/mfa/login', { mfa_token: token, ...proof }))) as Login);
}

/** Opens the window that asks for the password; goes on when somebody has signed in. */
export function signInAgain(): Promise<void> {
  state.expired = true;
  again ??= new Promise((done) => (resume = done));
  return again;
}

export async function signOut() {
  const response = await call('POST', '/auth/logout');
  if (!response.ok && response.status !== 401) await take(response);
  location.assign('/app/');
}
