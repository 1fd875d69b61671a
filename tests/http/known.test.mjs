// Whether an address is known is told to nobody: registering, forgetting a password and asking for the proof
// again answer alike and run the same statements, whoever it is.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { onServer } from './harness.mjs';
import { counted, said } from './alike.mjs';

const api = '/api/v1';
const ROUNDS = 5; // from the fourth on nothing is mailed within the hour
const TRIES = 8; // what runs in the background counts statements too

for (const registration of ['open', 'verify'])
  onServer(`known addresses, registration ${registration}`, { REGISTRATION: registration, READ_THREADS: '1' }, (shared) => {
    const kinds = {};
    const fresh = () => `a${randomBytes(6).toString('hex')}@example.org`;
    const anybody = () => shared.server.client();
    const register = (email) =>
      anybody().request('POST', `${api}/auth/register`, { body: { name: 'Somebody', email, password: 'quite-fine-2-blau' } });

    test('there is one of each kind', async () => {
      const { server } = shared;
      const admin = await server.person('admin');
      kinds.proved = (await server.person('customer')).email;
      kinds.unproved = fresh();
      assert.equal((await register(kinds.unproved)).status, 202);
      kinds.invited = fresh();
      await admin.post(`${api}/users`, { name: 'Invited', email: kinds.invited });
      const off = await server.person('customer');
      kinds.off = off.email;
      await admin.patch(`${api}/users/${off.user.id}`, { active: false });
      for (let i = 0; i < 3; i++) await register(fresh()); // every connection has prepared its statements
    });

    /** Both are asked until what runs beside them no longer shows. */
    async function alike(words, unknown, known) {
      let pair;
      for (let i = 0; i < TRIES; i++) {
        pair = [];
        for (const [email, ask] of [unknown(), known()]) {
          const { answer, ran } = await counted(shared.server, () => ask(email));
          pair.push({ ...said(answer, [email]), ran: ran.replace(/\d+ rollback, /, '') }); // what is taken back ends with one more
        }
        if (pair[0].ran === pair[1].ran) break;
      }
      assert.ok(pair[0].ran, 'statements ran');
      assert.deepEqual(pair[1], pair[0], words);
    }

    for (const [name, ask] of [
      ['register', register],
      ['password/forgot', (email) => anybody().request('POST', `${api}/auth/password/forgot`, { body: { email } })],
      ['email/verify-again', (email) => anybody().request('POST', `${api}/auth/email/verify-again`, { body: { email } })],
    ])
      test(`${name} answers and works alike for every kind of address`, async () => {
        for (const [kind, email] of Object.entries(kinds)) {
          for (let i = 0; i < ROUNDS; i++)
            await alike(`${name}, ${kind}, round ${i}`, () => [fresh(), ask], () => [email, ask]);
        }
      });
  });
