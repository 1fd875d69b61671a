// The typed client of the public API. Answers that are no success become a Problem.
import createClient from 'openapi-fetch';
import type { paths } from './schema.gen';
import { Problem } from './problem';
import { session, signInAgain } from '$/lib/session.svelte';
import { line } from '$/lib/online.svelte';

export function csrfToken() {
  return /(?:^|; )csrf_token=([^;]*)/.exec(document.cookie)?.[1] ?? '';
}

async function send(request: Request): Promise<Response> {
  const again = request.body ? request.clone() : request;
  const unsafe = request.method !== 'GET' && request.method !== 'HEAD';
  if (unsafe) request.headers.set('x-csrf-token', csrfToken());
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    line.failed();
    throw new Problem(0);
  }
  line.worked();
  // A session that ended while somebody works: ask for the password where he is, then go on as if nothing had been.
  const isOurs = session.user && !/\/auth\/(login|mfa\/login|logout)$/.test(new URL(request.url).pathname);
  if (isOurs && (response.status === 401 || (await wantsToken(response, unsafe)))) {
    await signInAgain();
    return send(new Request(again));
  }
  return response;
}

/** The token of a session that was begun anew in another window is a new one, too. */
async function wantsToken(response: Response, unsafe: boolean) {
  if (!unsafe || response.status !== 403 || !/json/.test(response.headers.get('content-type') ?? '')) return false;
  return (await response.clone().json()).code === 'csrf';
}

export const api = createClient<paths>({
  baseUrl: location.origin,
  fetch: send,
  querySerializer: { array: { style: 'form', explode: false } }, // state=new,open
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer; throws what the server refused as a Problem. */
export async function ask<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (response.ok) return data as T;
  throw new Problem(
    response.status,
    typeof error === 'object' && error ? (error as Record<string, unknown>) : {},
    Number(response.headers.get('retry-after') ?? 0),
  );
}
