// Sends the form of an account page to the API.  The token stands behind '#', so that it reaches no
// log and no Referer; it leaves the address bar at once.
'use strict';
const form = document.querySelector('form');
const status = document.getElementById('status');
const token = new URLSearchParams(location.hash.slice(1)).get('token') || '';
history.replaceState(null, '', location.pathname);

function say(kind, text) {
  status.className = kind;
  status.textContent = text;
}

/** The server's words for a refusal, and the fields that they are about. */
function explain(problem) {
  const words = [];
  for (const e of problem.errors || []) {
    const input = form.elements[e.pointer.replace(/^\//, '')];
    if (input) input.setAttribute('aria-invalid', 'true');
    words.push(e.detail);
  }
  return words.join(' ') || problem.detail || problem.title;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  const body = Object.fromEntries(new FormData(form));
  body.token = token;
  for (const i of form.elements) i.removeAttribute('aria-invalid');
  button.disabled = true;
  say('', 'One moment …');
  try {
    const r = await fetch(form.dataset.action, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
    if (r.ok) {
      say('good', form.dataset.done);
      for (const i of form.elements) i.disabled = true;
      return;
    }
    say('bad', explain(await r.json()));
  } catch {
    say('bad', 'The server cannot be reached. Nothing was lost: try again.');
  }
  button.disabled = false;
});

if (!token) say('bad', 'This link is not complete. Open it again from the message.');
