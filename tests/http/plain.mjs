// A browser without scripts: keeps cookies, follows redirects, and sends the forms of the page it is on, with
// what they hold and nothing that they do not ask for.
import { JSDOM } from 'jsdom';
import assert from 'node:assert/strict';

/** One line of an element's words. */
export const words = (e) => e?.textContent.replace(/\s+/g, ' ').trim() ?? '';

export class Visitor {
  constructor(server, headers = {}) {
    Object.assign(this, { server, headers, cookies: new Map() });
  }

  /** Another tab of the same browser. */
  tab() {
    return Object.assign(new Visitor(this.server, this.headers), { cookies: this.cookies });
  }

  /** One request, as it is answered: {status, headers, text, document, path}. */
  async ask(method, path, { body, headers = {} } = {}) {
    const cookie = [...this.cookies].map(([k, v]) => `${k}=${v}`).join('; ');
    const own = method === 'POST' ? { origin: this.server.url, 'sec-fetch-site': 'same-origin' } : {};
    const h = { accept: 'text/html,*/*;q=0.8', ...this.headers, ...own, ...(cookie && { cookie }), ...headers };
    for (const k of Object.keys(h)) if (h[k] === undefined) delete h[k];
    const r = await fetch(this.server.url + path, { method, body, redirect: 'manual', headers: h });
    const text = await r.text();
    for (const line of r.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/max-age=0/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return { status: r.status, headers: r.headers, text, document: new JSDOM(text).window.document, path };
  }

  /** Goes there, over redirects; they stay on this server. */
  async go(path, more = {}) {
    let r = await this.ask(more.method ?? 'GET', path, more);
    for (let i = 0; r.status === 303; i++) {
      const to = r.headers.get('location');
      assert.match(to, /^\/(?![/\\])/, `a redirect to ${to}`);
      assert.ok(i < 5, 'redirects go round');
      r = await this.ask('GET', to.replace(/#.*/, ''));
    }
    return Object.assign(this, { page: r }).page;
  }

  $(selector) {
    return this.page.document.querySelector(selector);
  }
  $$(selector) {
    return [...this.page.document.querySelectorAll(selector)];
  }

  /** What the form holds, with these values typed into it: [name, value] or [name, file]. A list ticks boxes. */
  filled(form, values, files = []) {
    const left = new Set(Object.keys(values));
    const out = [];
    for (const i of form.querySelectorAll('input, select, textarea')) {
      const typed = values[i.name];
      left.delete(i.name);
      if (i.type === 'file') continue;
      if (i.type === 'checkbox') {
        if (Array.isArray(typed) ? typed.includes(i.value) : (typed ?? i.checked)) out.push([i.name, i.value]);
        continue;
      }
      if (i.tagName === 'SELECT' && typed !== undefined)
        assert.ok([...i.options].some((o) => o.value === typed), `${i.name} has no ${typed}`);
      const held = i.tagName === 'INPUT' ? i.getAttribute('value') ?? '' : i.value; // what the server wrote
      out.push([i.name, typed ?? held]);
    }
    assert.deepEqual([...left], [], 'inputs that the form does not have');
    if (files.length) assert.ok(form.querySelector('input[type=file][name=files]'), 'the form takes no files');
    return [...out, ...files.map((f) => ['files', f])];
  }

  /** What is sent for the form: {path, body}. */
  packed(form, values, files) {
    const all = this.filled(form, values, files);
    const path = form.getAttribute('action');
    if (form.enctype !== 'multipart/form-data') return { path, body: new URLSearchParams(all) };
    const body = new FormData();
    for (const [k, v] of all) v instanceof File ? body.append(k, v, v.name) : body.append(k, v);
    if (!files?.length) body.append('files', new File([], '')); // as browsers send an input without a file
    return { path, body };
  }

  async send(selector, values = {}, files = []) {
    const form = this.$(selector);
    assert.ok(form, `no ${selector} on ${this.page.path}: ${this.page.status} ${words(this.$('main'))}`);
    const { path, body } = this.packed(form, values, files);
    return this.go(path, { method: 'POST', body });
  }
}
