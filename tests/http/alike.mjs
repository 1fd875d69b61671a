// What somebody who compares two answers could compare: status, headers, body, and the statements that ran,
// of which time is a consequence.

/** Headers that differ between any two answers. */
const volatile = ['x-request-id', 'date', 'server-timing', 'content-length', 'ratelimit', 'ratelimit-remaining', 'ratelimit-reset'];

/** What an answer says, without what is of this request alone. */
export function said(answer, ids) {
  const hide = (s) => ids.reduce((t, id) => t.replaceAll(new RegExp(`\\b${id}\\b`, 'g'), '<id>'), s);
  const body = answer.json && { ...answer.json, request_id: undefined };
  const headers = [...answer.headers].filter(([k]) => !volatile.includes(k)).map(([k, v]) => [k, hide(v)]);
  return { status: answer.status, body: hide(JSON.stringify(body) ?? answer.text), headers };
}

const ownLook = / (schema_migrations|sqlite_schema|pg_class)$/; // the server's own look at its health, every second

async function statements(server) {
  const text = await (await fetch(`${server.direct}/metrics`)).text();
  return Object.fromEntries([...text.matchAll(/^db_statements_total\{statement="([^"]*)"\} (\d+)/gm)].map((m) => [m[1], +m[2]]));
}

/** The answer of work(), and the statements that ran meanwhile: "2 tickets_load, …".  What runs in the
 *  background is counted too: who compares tries a few times. */
export async function counted(server, work) {
  const before = await statements(server);
  const answer = await work();
  const now = await statements(server);
  const ran = Object.entries(now).map(([k, n]) => [k, n - (before[k] ?? 0)]).filter(([k, n]) => n && !ownLook.test(k));
  return { answer, ran: ran.sort().map(([k, n]) => `${n} ${k}`).join(', ') };
}
