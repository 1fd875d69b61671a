// A ticket that an agent is about to open for somebody: what is typed, what goes to the server, where refusals belong.
import type { FileRef, Ref } from '$/api/types';
import type { ProblemField } from '$/api/problem';

export interface NewPerson {
  name: string;
  email: string;
  phone: string;
}
export interface Known extends Ref {
  email?: string | null;
  organization?: string | null;
}
export const channels = ['phone', 'walk_in', 'chat', 'sms'] as const;
export type Channel = (typeof channels)[number];

export interface NewTicket {
  customer: Known | null;
  /** Somebody who is not known yet. */
  person: NewPerson | null;
  channel: Channel;
  title: string;
  body: string;
  visibility: 'public' | 'internal';
  /** 0: as the server chooses. */
  group: number;
  priority: number;
  state: number;
  until: string;
  owner: Ref | null;
  tags: string[];
  fields: Record<string, unknown>;
  files: FileRef[];
}

export const blank = (): NewTicket => ({
  customer: null,
  person: null,
  channel: 'phone',
  title: '',
  body: '',
  visibility: 'public',
  group: 0,
  priority: 0,
  state: 0,
  until: '',
  owner: null,
  tags: [],
  fields: {},
  files: [],
});

export const isBlank = (f: NewTicket) =>
  !f.customer &&
  !f.person &&
  !f.title.trim() &&
  !f.body.trim() &&
  !f.files.length &&
  !f.tags.length &&
  !Object.keys(f.fields).length;

/** What was typed into the search for a customer is the beginning of a new one. */
export function personFrom(typed: string): NewPerson {
  const text = typed.trim();
  if (/^\S+@\S+$/.test(text)) return { name: '', email: text, phone: '' };
  if (/^\+?[\d\s()/.-]{5,}$/.test(text)) return { name: '', email: '', phone: text };
  return { name: text, email: '', phone: '' };
}

/** A name is asked for; without one the address or the number stands for it. */
export const nameOf = (p: NewPerson) => p.name.trim() || p.email.split('@')[0] || p.phone.trim();

/** What POST /users takes. */
export const personBody = (p: NewPerson) => ({
  name: nameOf(p),
  ...(p.email.trim() ? { email: p.email.trim() } : {}),
  ...(p.phone.trim() ? { phone: p.phone.trim() } : {}),
});

/** What POST /tickets takes. Words of a caller or visitor are his own, written down by an agent. */
export function ticketBody(f: NewTicket, customer: number) {
  const kinds = { phone: 'phone_in', walk_in: 'web', chat: 'chat', sms: 'sms' } as const;
  const internal = f.visibility === 'internal';
  return {
    title: f.title.trim(),
    customer,
    channel: f.channel,
    message: {
      body: f.body.trim(),
      format: 'markdown' as const,
      visibility: f.visibility,
      kind: internal ? ('note' as const) : kinds[f.channel],
      ...(internal ? {} : { on_behalf_of: customer }),
      ...(f.files.length ? { attachments: f.files.map((x) => x.id) } : {}),
    },
    ...(f.group ? { group: f.group } : {}),
    ...(f.priority ? { priority: f.priority } : {}),
    ...(f.state ? { state: f.state } : {}),
    ...(f.state && f.until ? { until: new Date(f.until).toISOString() } : {}),
    ...(f.owner ? { owner: f.owner.id } : {}),
    ...(f.tags.length ? { tags: f.tags } : {}),
    ...(Object.keys(f.fields).length ? { fields: f.fields } : {}),
  };
}

const places: [RegExp, string][] = [
  [/^\/message\/attachments/, 'files'],
  [/^\/message/, 'body'],
  [/^\/(email|phone|name)$/, 'person.$1'],
  [/^\/customer/, 'customer'],
  [/^\/fields\/(.+)$/, 'fields.$1'],
  [/^\/(\w+)/, '$1'],
];

/** Refusals by the part of the form that they belong to. */
export function byPlace(fields: readonly ProblemField[]): Record<string, string> {
  const said: Record<string, string> = {};
  for (const f of fields) {
    const rule = places.find(([pattern]) => pattern.test(f.pointer));
    const place = rule ? f.pointer.replace(new RegExp(rule[0].source + '.*$'), rule[1]) : '';
    said[place] ??= f.detail + (f.allowed && !f.detail.includes(f.allowed) ? ` (${f.allowed})` : '');
  }
  return said;
}

/** Words of a title that may tell tickets apart, the longest first. */
export function tellingWords(title: string): string[] {
  const words = title.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  return [...new Set(words)].sort((a, b) => b.length - a.length).slice(0, 5);
}

/** How alike a title is to the words of another: 0 to 1. */
export function likeness(title: string, words: readonly string[]): number {
  if (!words.length) return 0;
  const have = new Set(title.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []);
  return words.filter((w) => [...have].some((h) => h.startsWith(w) || w.startsWith(h))).length / words.length;
}
