// A large installation, filled as quickly as is honest: `server seed` for the tickets, the API for what the rules look at.
import assert from 'node:assert/strict';
import { api } from './harness.mjs';

/** Runs each(i) for 0 … n-1, some at once. */
export async function many(n, each, atOnce = 8) {
  let next = 0;
  const worker = async () => {
    while (next < n) await each(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

const quiet = { check: false }; // the contract is held against the first answer of each kind

export async function seedTickets(server, n) {
  const made = await server.run(['seed', '--tickets', String(n)]);
  assert.equal(made.code, 0, made.stderr);
}

export async function groups(admin, n) {
  await many(n, (i) => admin.post(`${api}/groups`, { name: `Department ${String(i).padStart(3, '0')}` }, i ? quiet : {}));
}

/** Fields of every type, in turn. */
export async function fields(admin, n) {
  const types = ['text', 'integer', 'boolean', 'choice', 'date', 'long_text', 'decimal', 'choices', 'url', 'datetime'];
  await many(n, (i) => {
    const type = types[i % types.length];
    const options = /choice/.test(type) ? { options: { choices: ['a', 'b', 'c'].map((value) => ({ value, label: `Choice ${value}` })) } } : {};
    return admin.post(`${api}/fields`, { object: 'ticket', name: `f${i}`, type, label: `Field ${String(i).padStart(3, '0')}`, position: i, ...options }, i ? quiet : {});
  });
}

/** An organisation with n people: {id, first}, first being one of them. */
export async function organization(admin, name, n) {
  const { id } = await admin.post(`${api}/organizations`, { name, shared: true });
  let first;
  await many(n, async (i) => {
    const one = await admin.post(`${api}/users`, { name: `Person ${String(i).padStart(5, '0')}`, email: `person${i}@crowd.example`, organization_id: id }, i ? quiet : {});
    if (i === 0) first = one;
  });
  return { id, first };
}

/** n messages on a ticket, one after the other. */
export async function thread(admin, id, n) {
  for (let i = 0; i < n; i++)
    await admin.post(`${api}/tickets/${id}/messages`, { body: `Message number ${i}\n\nIt has **some** text.`, format: i % 3 ? 'text' : 'markdown', visibility: i % 5 ? 'public' : 'internal' }, i ? quiet : {});
}
