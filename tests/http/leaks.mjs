// Sees every request and answer of the HTTP tests, and the log of every server: no secret that was sent or
// given out comes back in another answer or stands in the log, no stored hash, and no failure tells of SQL,
// files or code.
import assert from 'node:assert/strict';

/** Members of answers that give out a secret, once. */
const given = ['access_token', 'refresh_token', 'mfa_token', 'csrf_token', 'token', 'secret', 'recovery_codes', 'otpauth_uri', 'uri'];
/** Members of bodies that are secrets. */
const sent = ['password', 'current_password', 'new_password', 'token', 'refresh_token', 'mfa_token', 'code', 'recovery_code'];
const SHORTEST = 12; // what is shorter may stand somewhere by chance
const SHORTEST_TEXT = 24;

/** What is in no answer at all. */
const stored = [/\$argon2(id|i|d)\$/, /"password_hash"/, /"token_hash"/, /"totp_sealed"/, /"code_hash"/, /"refresh_hash"/];
/** What no failure tells, unless the request said it. */
const inside = [
  /\bSELECT\s.{1,200}\sFROM\b/is, /\bINSERT INTO\b/i, /\bUPDATE\s+\w+\s+SET\b/i, /\bDELETE FROM\b/i, /\bsqlite\b|\bSQLSTATE\b|\blibpq\b/i,
  /\bviolates\b.{0,40}\bconstraint\b/i, /\b[\w/]+\.[ch]:\d+/, /\bAddressSanitizer\b|\bruntime error:/, /\/(?:tmp|home|work|usr|var|etc|root|proc)\/[\w.-]+/,
];

function* members(v) {
  if (!v || typeof v !== 'object') return;
  for (const [k, x] of Object.entries(v)) {
    if (typeof x === 'string') yield [k, x];
    else if (Array.isArray(x) && x.every((s) => typeof s === 'string')) for (const s of x) yield [k, s];
    else yield* members(x);
  }
}

/** A path in clear, whatever is wrong with its encoding. */
const told = (path) => decodeURIComponent(path.replace(/%(?![0-9a-f]{2})/gi, '%25').replace(/%[89a-f][0-9a-f]/gi, ''));

export class Leaks {
  constructor() {
    this.secrets = new Map(); // value → who gave or sent it
    this.texts = new Set(); // what people wrote: not for the log
  }

  /** Not what tests send to be refused: markup, one letter again and again. */
  keep(value, where) {
    if (value.length >= SHORTEST && /^[\w.~+/=-]+$/.test(value) && new Set(value).size > 4 && !this.secrets.has(value))
      this.secrets.set(value, where);
  }

  request(method, path, body) {
    for (const [k, v] of members(body)) {
      if (sent.includes(k)) this.keep(v, `${k} of ${method} ${path}`);
      if (k === 'body' && v.length >= SHORTEST_TEXT) this.texts.add(v);
    }
  }

  /** The secrets that this answer gives out, which it did not know before. */
  gifts(method, path, answer) {
    const gifts = [...members(answer.json)].filter(([k]) => given.includes(k) && answer.status < 300).map(([, v]) => v);
    for (const line of answer.headers.getSetCookie()) gifts.push(line.split(/[=;]/)[1]);
    return gifts.filter((v) => v.length >= SHORTEST);
  }

  answer(method, path, answer, body) {
    const words = `${method} ${path} ${answer.status}`;
    const text = answer.text;
    const gifts = this.gifts(method, path, answer);
    const again = answer.json?.csrf_token; // a session keeps it
    const asked = told(path); // which the answer may name
    for (const [secret, where] of this.secrets)
      assert.ok(secret === again || asked.includes(secret) || !text.includes(secret), `${words} tells the ${where}`);
    for (const s of gifts) this.keep(s, `secret that ${words} gave`);
    for (const pattern of stored) assert.doesNotMatch(text, pattern, words);
    if (answer.status < 400 || !answer.json) return;
    const said = asked + JSON.stringify(body ?? '');
    for (const pattern of inside) {
      const found = pattern.exec(text)?.[0];
      assert.ok(!found || said.includes(found), `${words} tells of the inside: ${found}`);
    }
  }

  /** links: development logs the links that its mails would hold (account.link). */
  log(output) {
    const text = output.split('\n').filter((l) => !l.includes('account.link') && !l.includes('setup')).join('\n');
    for (const [secret, where] of this.secrets) assert.ok(!text.includes(secret), `the log tells the ${where}`);
    for (const t of this.texts) assert.ok(!text.includes(t), `the log tells what somebody wrote: ${t.slice(0, 60)}`);
    for (const pattern of stored) assert.doesNotMatch(text, pattern, 'the log');
  }
}
