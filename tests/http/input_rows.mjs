// What each field and parameter of the API document does not take, made from its schema.
import { resolve } from './rights_rows.mjs';

const LONGEST = 70000; // longer texts than this meet the limit on bodies first
const types = (s) => [s.type].flat().filter(Boolean);

/** Values of other types than the schema's. */
function otherTypes(s) {
  const all = { string: 'x', integer: 5, boolean: true, array: ['x'], object: { x: 1 }, null: null };
  const takes = types(s);
  if (!takes.length) return [];
  if (takes.includes('number')) takes.push('integer');
  return Object.entries(all).filter(([t]) => !takes.includes(t)).map(([t, v]) => [`${t} for ${takes}`, v]);
}

function texts(s) {
  const wrong = [['a control character', 'a\u0001b'], ['a lone surrogate', 'a\ud800b']];
  if (s.enum) wrong.push(['no choice', 'no such choice']);
  if (s.format === 'date-time') wrong.push(['no time', 'yesterday'], ['no such day', '2026-02-30T00:00:00Z']);
  if (s.maxLength && s.maxLength < LONGEST) wrong.push(['too long', 'é'.repeat(s.maxLength + 1)]);
  if (s.minLength) wrong.push(['too short', '']);
  return wrong;
}

function numbers(s) {
  const wrong = [['a fraction', 1.5], ['beyond 64 bits', 1e300]];
  if (Number.isSafeInteger(s.maximum)) wrong.push(['above the range', s.maximum + 1]);
  if (Number.isSafeInteger(s.minimum)) wrong.push(['below the range', s.minimum - 1]);
  return wrong;
}

/** [words, value] that a field with this schema refuses. */
function refused(s) {
  const wrong = otherTypes(s);
  const is = types(s);
  if (is.includes('string')) wrong.push(...texts(s));
  if (is.includes('integer')) wrong.push(...numbers(s));
  if (is.includes('array') && s.maxItems && s.maxItems <= 1000)
    wrong.push(['too many', Array.from({ length: s.maxItems + 1 }, () => ({ string: 'x', integer: 1 })[s.items?.type] ?? {})]);
  return wrong;
}

/** Odd members that no object of ours has. */
export const strangers = ['no_such_field', '__proto__', 'constructor', 'ID', 'Title', 'id ', 'role', '$where', 'a.b', 'customer[role]', ''];

/** Every place of a body: {at, words, value}; at ends in the field, '[]' is the first of a list. */
export function bodyPlaces(doc, schema, at = [], depth = 0) {
  const s = resolve(doc, schema);
  if (!s || depth > 6) return [];
  const found = refused(s).map(([words, value]) => ({ at, words, value }));
  if (s.properties) found.push(...strangers.filter((k) => !Object.hasOwn(s.properties, k)).map((k) => ({ at: [...at, k], words: 'unknown', value: 1 })));
  for (const x of s.anyOf ?? s.oneOf ?? []) found.push(...bodyPlaces(doc, x, at, depth + 1).filter((p) => p.at.length > at.length));
  if (s.items) found.push(...bodyPlaces(doc, s.items, [...at, '[]'], depth + 1));
  for (const [k, v] of Object.entries(s.properties ?? {})) found.push(...bodyPlaces(doc, v, [...at, k], depth + 1));
  return found;
}

/** Every query parameter: {name, words, text} with the raw text behind "name=". */
export function queryPlaces(doc, op) {
  return (op.parameters ?? []).map((p) => resolve(doc, p)).filter((p) => p.in === 'query').flatMap((p) => {
    const whole = resolve(doc, p.schema);
    const s = whole.items ? resolve(doc, whole.items) : whole;
    const wrong = types(s).includes('string') ? texts(s).filter(([w]) => w !== 'a lone surrogate' && w !== 'too short') : [];
    if (types(s).includes('integer')) wrong.push(...numbers(s), ['no number', 'x'], ['empty', '']);
    if (types(s).includes('boolean')) wrong.push(['no boolean', 'maybe']);
    const rows = wrong.map(([words, v]) => ({ name: p.name, words, text: encodeURIComponent(v) }));
    return [...rows, { name: p.name, words: 'no UTF-8', text: '%ff' }, { name: p.name, words: 'twice', text: `1&${p.name}=1` }];
  });
}

/** The JSON pointer of a place. */
export const pointerOf = (at) => at.map((k) => `/${k === '[]' ? 0 : k.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
