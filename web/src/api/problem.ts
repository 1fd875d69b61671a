// What the server (or the line to it) refused, in words, with what to do.
import { i18n, maybe, t } from '$/i18n/index.svelte';

export interface ProblemField {
  pointer: string;
  code: string;
  detail: string;
  allowed?: string;
}

export class Problem extends Error {
  status: number;
  code: string;
  detail: string;
  fields: ProblemField[];
  requestId: string;
  retryAfter: number;
  current: unknown;

  constructor(status: number, body: Record<string, unknown> = {}, retryAfter = 0) {
    super(String(body.detail ?? body.title ?? status));
    this.status = status;
    this.code = String(body.code ?? '');
    this.detail = String(body.detail ?? '');
    this.fields = Array.isArray(body.errors) ? (body.errors as ProblemField[]) : [];
    this.requestId = String(body.request_id ?? '');
    this.retryAfter = retryAfter;
    this.current = body.current;
  }

  /** May it go well when it is sent again as it is? */
  get passing() {
    return (
      this.status === 0 || this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504
    );
  }

  /** What the server says about this field ("email") or about a part of it ("/email/2"), or undefined. */
  field(name: string) {
    const found = this.fields.find((f) => isAbout(f, name));
    return found && saying(found);
  }
}

/** Whether a refusal is about the field of this name or about something inside it. */
export function isAbout({ pointer }: ProblemField, name: string) {
  const at = name.startsWith('/') ? name : `/${name}`;
  return pointer === at || pointer.startsWith(`${at}/`);
}

// The server's words are English and exact; in other languages the kind of refusal is told where there are words for it.
const bounds = ['length', 'range', 'choice'];
function saying({ code, detail, allowed }: ProblemField) {
  const known = i18n.lang === 'en' ? undefined : maybe(`refused.${code}`);
  const end = allowed && (known ? code === 'range' : bounds.includes(code)) ? ` (${allowed})` : '';
  return (known ?? detail) + end;
}

const byStatus: Record<number, string> = {
  0: 'unreachable',
  403: 'denied',
  404: 'not_found',
  409: 'conflict',
  412: 'stale',
  413: 'too_large',
  429: 'too_many',
  500: 'failed',
  502: 'unreachable',
  503: 'busy',
  504: 'unreachable',
  507: 'full',
};

/** Title and advice for people. What the server says about single fields is part of it. */
export function words(error: unknown): { title: string; advice: string } {
  if (!(error instanceof Problem)) return { title: t('problem.unknown'), advice: t('problem.unknown.do') };
  const name = maybe(`problem.${error.code}`) ? error.code : byStatus[error.status];
  const said = error.fields.map((f) => f.detail + (f.allowed ? ` (${f.allowed})` : '')).join(' ') || error.detail;
  if (!name) return { title: said || t('problem.unknown'), advice: '' };
  const values = { seconds: error.retryAfter, id: error.requestId };
  const advice = maybe(`problem.${name}.do`, values) ?? '';
  const known = error.status === 0 || error.status === 404 || error.status >= 500 || error.status === 429;
  return {
    title: maybe(`problem.${name}`, values) ?? said,
    advice: known || !said ? advice : `${said} ${advice}`.trim(),
  };
}

/** One line, for a toast. */
export const sentence = (error: unknown) => {
  const w = words(error);
  return [w.title, w.advice].filter(Boolean).join(' ');
};
