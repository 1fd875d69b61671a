// The rows of the rights matrix, made from the OpenAPI document: every place of every operation where
// an id can stand.  A place that no table here knows is an error, so that a new one cannot slip by.
import assert from 'node:assert/strict';

/** Ids in paths: by the segment before them. */
const pathKinds = {
  tickets: 'ticket', messages: 'message', attachments: 'attachment', users: 'user', organizations: 'organization',
  groups: 'group', roles: 'role', tokens: 'token', sessions: 'session', states: 'state', priorities: 'priority',
  tags: 'tag', fields: 'field', jobs: 'job', views: 'view', links: 'link', participants: 'user', identities: 'identity',
  'legal-holds': 'hold',
};
const slots = ['slot', 'name']; // parameters of paths that are words

/** Ids in bodies and queries: by name, without [] and without what is around them. */
const named = {
  customer: 'user', owner: 'user', on_behalf_of: 'user', user: 'user', stand_in_id: 'user', source: 'user', actor_id: 'user',
  attachments: 'attachment', messages: 'message',
  group: 'group', group_id: 'group', parent_id: 'group',
  organization: 'organization', organization_id: 'organization', organization_ids: 'organization',
  role_ids: 'role', role_id: 'role', ticket: 'ticket', into: 'ticket', object_id: 'ticket',
  state: 'state', at_until_state: 'state', priority: 'priority',
};
/** Numbers and free values that name nothing. */
const plain = [
  'limit', 'version', 'position', 'rank', 'reopen_days', 'assignment_timeout_min', 'preferences', 'data', 'options', 'screens',
  'fields', 'after', 'last_seen_message', 'ticket.number_digits', 'ticket.number_system_id', 'ticket.solved_close_days', 'before',
  'retention.closed_tickets_days', 'retention.spam_tickets_days', 'retention.deleted_tickets_days', 'retention.drafts_days', 'retention.sent_mail_days',
  'retention.sessions_days', 'retention.jobs_days', 'retention.access_log_days', 'retention.evidence_days', 'retention.audit_details_days',
];
/** What everybody may see: no foreign one exists. */
export const catalog = ['state', 'priority', 'field', 'tag'];

/** Bodies for which the least one of the schema is not enough. */
const bodies = {
  'PATCH /api/v1/tickets/{id}': { title: 'changed' },
  'POST /api/v1/tickets/{id}/actions': { title: 'changed' },
  'PATCH /api/v1/auth/me': { name: 'changed' },
  'PATCH /api/v1/me': { name: 'changed' },
  'POST /api/v1/bulk': { changes: [{ ticket: 'own ticket', title: 'changed' }] },
  'POST /api/v1/users': { name: 'New', email: 'made-by-matrix@example.org' },
  'POST /api/v1/tickets': { title: 'made by matrix', message: { body: 'x' } },
  'POST /api/v1/tickets/{id}/split': { messages: ['own message'], mode: 'copy' },
  'POST /api/v1/tickets/{id}/merge': { into: 'own other ticket' },
  'POST /api/v1/tickets/{id}/links': { kind: 'related', ticket: 'own other ticket' },
  'POST /api/v1/views': { name: 'matrix', query: 'state:open' },
  'POST /api/v1/users/{id}/identities': { kind: 'email', value: 'matrix-identity@example.org' },
  'POST /api/v1/messages/{id}/redact': { reason: 'matrix' },
  'POST /api/v1/attachments/{id}/redact': { reason: 'matrix' },
  'POST /api/v1/users/{id}/erase': { confirm: 'x', dry_run: true },
};

export const resolve = (doc, schema) => {
  let s = schema;
  while (s?.$ref) s = s.$ref.split('/').slice(1).reduce((o, k) => o[k.replaceAll('~1', '/').replaceAll('~0', '~')], doc);
  return s;
};

/** The least value that the schema takes. */
export function sample(doc, schema) {
  const s = resolve(doc, schema);
  if (s?.enum) return s.enum[0];
  if (s?.anyOf ?? s?.oneOf) return sample(doc, (s.anyOf ?? s.oneOf)[0]);
  switch ([s?.type].flat()[0]) {
    case 'object':
      return Object.fromEntries((s.required ?? []).map((k) => [k, sample(doc, s.properties?.[k])]));
    case 'array':
      return Array.from({ length: s.minItems ?? 0 }, () => sample(doc, s.items));
    case 'integer':
    case 'number':
      return s.minimum ?? 1;
    case 'boolean':
      return true;
    case 'string':
      return s.format === 'date-time' ? '2030-01-01T00:00:00.000Z' : 'x'.repeat(Math.max(s.minLength ?? 1, 1));
    default:
      return 'x';
  }
}

/** Whether an id fits: an integer, or a value of any type (references are ids, names, addresses). */
const takesId = (s) => [s.type].flat().includes('integer') || (!s.type && !s.anyOf && !s.oneOf && !s.enum);

function eachPlace(doc, schema, path, found, depth = 0) {
  const s = resolve(doc, schema);
  if (!s || depth > 8) return;
  if (takesId(s)) found.push({ at: path, isFree: !s.type }); // free: an address too
  for (const x of s.anyOf ?? s.oneOf ?? []) eachPlace(doc, x, path, found, depth + 1);
  if (s.items) eachPlace(doc, s.items, [...path, '[]'], found, depth + 1);
  for (const [k, v] of Object.entries(s.properties ?? {})) eachPlace(doc, v, [...path, k], found, depth + 1);
}

const lastName = (path) => path.filter((k) => k !== '[]').at(-1);
function kindOf(name, words) {
  if (plain.includes(name) || /_days$/.test(name)) return undefined; // a span is no id
  assert.ok(named[name], `${words}: is "${name}" an id? Add it to tests/http/rights_rows.mjs`);
  return named[name];
}

function pathRows(o) {
  const parts = o.path.split('/');
  return parts.flatMap((p, i) => {
    const name = /^\{(.*)\}$/.exec(p)?.[1];
    if (!name || slots.includes(name)) return [];
    assert.ok(pathKinds[parts[i - 1]], `${o.name}: what is {${name}}? Add it to tests/http/rights_rows.mjs`);
    return [{ ...o, in: 'path', at: i, kind: pathKinds[parts[i - 1]], where: `{${name}}` }];
  });
}

function queryRows(doc, o) {
  return (o.op.parameters ?? []).map((p) => resolve(doc, p)).filter((p) => p.in === 'query').flatMap((p) => {
    const s = resolve(doc, p.schema);
    const known = named[p.name] && !catalog.includes(named[p.name]);
    if (!known && !takesId(s) && !(s.items && takesId(resolve(doc, s.items)))) return [];
    const kind = kindOf(p.name, `${o.name} ?${p.name}`);
    return kind ? [{ ...o, in: 'query', at: p.name, kind, where: `?${p.name}` }] : [];
  });
}

function bodyRows(doc, o) {
  const found = [];
  eachPlace(doc, o.schema, [], found);
  return found.flatMap(({ at, isFree }) => {
    const where = at.join('/').replaceAll('/[]', '[]');
    const kind = kindOf(lastName(at), `${o.name} ${where}`);
    return kind ? [{ ...o, in: 'body', at, kind, where, isFree }] : [];
  });
}

export function operations(doc) {
  return Object.entries(doc.paths).flatMap(([path, item]) =>
    ['get', 'post', 'put', 'patch', 'delete'].filter((m) => item[m]).map((m) => ({
      method: m.toUpperCase(),
      path,
      op: item[m],
      name: `${m.toUpperCase()} ${path}`,
      schema: item[m].requestBody?.content?.['application/json']?.schema,
    })),
  );
}

/** Every place of every operation: {method, path, op, name, in, at, kind, where}. */
export const rows = (doc) =>
  operations(doc).flatMap((o) => [...pathRows(o), ...queryRows(doc, o), ...(o.schema ? bodyRows(doc, o) : [])]);

/** "own ticket" in a body becomes the id. */
const fill = (v, own) => {
  if (typeof v === 'string' && v.startsWith('own ')) return own[v.slice(4)];
  if (Array.isArray(v)) return v.map((x) => fill(x, own));
  return v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, fill(x, own)])) : v;
};

/** The least body that the operation takes, with one's own ids. */
export const bodyOf = (doc, o, own) => o.schema && fill(bodies[o.name] ?? sample(doc, o.schema), own);

/** The path with ids: choose(kind, place). */
export const pathOf = (o, choose) =>
  o.path.split('/').map((p, i, path) => (!p.startsWith('{') ? p : p === '{slot}' ? 'reply' : choose(pathKinds[path[i - 1]], i))).join('/');

export function put(body, at, value) {
  if (!at.length) return value;
  const [k, ...rest] = at;
  if (k === '[]') return [put(body?.[0], rest, value)];
  const was = body && typeof body === 'object' && !Array.isArray(body) ? body : {};
  return { ...was, [k]: put(was[k], rest, value) };
}

/** A message that is needed around a field of it. */
export const complete = (body) => (body?.message?.constructor === Object && !('body' in body.message) ? { ...body, message: { body: 'x', ...body.message } } : body);

/** The request of a row with this id at its place, one's own ids in the body, the others' (or one's own)
 *  at the rest of the path. */
export function request(doc, row, id, own, others = own) {
  const path = pathOf(row, (kind, i) => (row.in === 'path' && row.at === i ? id : (others[kind] ?? 999999998)));
  const q = row.in === 'query' ? `?${row.at}=${id}` : '';
  let body = bodyOf(doc, row, own);
  if (row.in === 'body') {
    body = put(body, row.at, id);
    if (row.path === '/api/v1/bulk') body.changes[0] = { title: 'changed', ticket: own.ticket, ...body.changes[0] };
    body = row.path === '/api/v1/bulk' ? { changes: [complete(body.changes[0])] } : complete(body);
  }
  return [row.method, path + q, { body, headers: row.path === '/api/v1/events' ? { accept: 'application/json' } : {} }];
}
