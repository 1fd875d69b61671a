// The portal works without this; with it there are local times, drafts, uploads with progress and new
// messages as they come.
'use strict';
const $ = (s, from = document) => from.querySelector(s);
const $$ = (s, from = document) => [...from.querySelectorAll(s)];
const lang = document.documentElement.lang;
const locale = lang === 'ar' ? 'ar-u-nu-latn' : lang;

// Times in the reader's zone.
const near = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
const whole = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
function times(from) {
  for (const t of $$('time', from)) {
    const at = new Date(t.dateTime);
    const minutes = Math.round((Date.now() - at) / 60000);
    t.title = whole.format(at);
    if (minutes < 60) t.textContent = near.format(-Math.max(minutes, 0), 'minute');
    else if (minutes < 24 * 60) t.textContent = near.format(-Math.round(minutes / 60), 'hour');
    else t.textContent = whole.format(at);
  }
}
times(document);

// A link's token stands behind '#', where no server or log sees it: into the form, and out of the address.
const token = new URLSearchParams(location.hash.slice(1)).get('token');
const field = $('#f-token');
if (token && field) {
  field.value = token;
  field.closest('.field').hidden = true;
  history.replaceState(null, '', location.pathname);
}

// What was refused is read out first.
$('#errors')?.focus();

// Foreign HTML stands in a frame without scripts: as tall as what is in it.
function frames(from) {
  for (const f of $$('iframe', from)) {
    const fit = () => {
      const b = f.contentDocument?.body;
      if (b) f.style.height = `${b.scrollHeight + 8}px`;
    };
    f.addEventListener('load', fit);
    fit();
  }
}
frames(document);

// Drafts, until the server has taken them; signing out forgets all (Clear-Site-Data).
function store(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(key);
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
  } catch {
    // A browser that keeps nothing still sends.
  }
  return null;
}
for (const form of $$('form[enctype]')) {
  const key = `draft:${new URL(form.action).pathname}`;
  const inputs = $$('textarea, input[type=text]', form);
  if (new URLSearchParams(location.search).get('done') && !$('#errors')) {
    store(key, '');
    store('draft:/requests/new', '');
  }
  const kept = JSON.parse(store(key) || '{}');
  for (const i of inputs) if (!i.value && kept[i.name]) i.value = kept[i.name];
  form.addEventListener('input', () => {
    const now = Object.fromEntries(inputs.filter((i) => i.value).map((i) => [i.name, i.value]));
    store(key, Object.keys(now).length ? JSON.stringify(now) : '');
  });
}

// A form is sent once, whatever the finger does; not before its files are there.
const running = new Map();
for (const form of $$('form[method=post]'))
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent || running.get(form)) event.preventDefault();
    else form.dataset.sent = '1';
  });
addEventListener('pageshow', () => $$('form[data-sent]').forEach((f) => delete f.dataset.sent));

// Files go up as they are chosen, each with its progress.
function upload(input, list, file) {
  const form = input.form;
  const line = list.appendChild(document.createElement('li'));
  const name = document.createElement('bdi');
  const bar = document.createElement('progress');
  name.textContent = `${file.name} `;
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute('aria-label', file.name);
  line.append(name, bar);
  const failed = (words) => {
    line.className = 'bad';
    line.setAttribute('role', 'alert');
    line.textContent = `${file.name}: ${words}`;
  };
  if (file.size > Number(input.dataset.max)) return failed(input.dataset.large);
  const r = new XMLHttpRequest();
  r.open('POST', `/api/v1/uploads?name=${encodeURIComponent(file.name || 'file')}`);
  r.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
  r.setRequestHeader('X-CSRF-Token', /(?:^|; )csrf_token=([^;]*)/.exec(document.cookie)?.[1] ?? '');
  r.upload.onprogress = (e) => (bar.value = e.loaded / e.total);
  running.set(form, (running.get(form) ?? 0) + 1);
  r.onloadend = () => {
    running.set(form, running.get(form) - 1);
    if (r.status !== 201) return failed(input.dataset.failed);
    const label = document.createElement('label');
    const box = document.createElement('input');
    Object.assign(box, { type: 'checkbox', name: 'upload', value: JSON.parse(r.responseText).id, checked: true });
    label.append(box, name);
    line.replaceChildren(label);
  };
  r.send(file);
}
for (const input of $$('input[type=file]')) {
  const list = $('.uploads', input.parentElement);
  const take = (files) => [...files].forEach((f) => upload(input, list, f));
  input.addEventListener('change', () => {
    take(input.files);
    input.value = '';
  });
  input.form.addEventListener('paste', (e) => e.clipboardData.files.length && (take(e.clipboardData.files), e.preventDefault()));
  input.form.addEventListener('dragover', (e) => e.preventDefault());
  input.form.addEventListener('drop', (e) => e.dataTransfer.files.length && (take(e.dataTransfer.files), e.preventDefault()));
}

// New messages of this request, as they come.
const thread = $('#thread[data-live]');
async function refresh() {
  const r = await fetch(location.pathname, { headers: { Accept: 'text/html' } });
  if (!r.ok || r.redirected) return;
  const page = new DOMParser().parseFromString(await r.text(), 'text/html');
  const fresh = $$('#thread > article', page).filter((a) => !document.getElementById(a.id));
  const state = $('.facts .pill', page);
  if (state) $('.facts .pill')?.replaceWith(state);
  if (!fresh.length) return;
  for (const a of fresh) thread.append(document.adoptNode(a));
  fresh.forEach((a) => (times(a), frames(a)));
  $('#live').textContent = thread.dataset.news;
}
if (thread && window.EventSource) {
  const stream = new EventSource('/api/v1/events');
  stream.addEventListener('ticket', (e) => {
    if (String(JSON.parse(e.data).ticket_id) === thread.dataset.live) refresh();
  });
  stream.addEventListener('reset', refresh);
}
