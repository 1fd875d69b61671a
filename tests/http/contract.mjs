// Holds answers against the server's OpenAPI document: the operation, the status and the schema must
// all be there.  Notes which operations answered well, so that a test can name the ones never tried.
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import assert from 'node:assert/strict';

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const blamed = [400, 401, 403, 404, 405, 406, 409, 412, 413, 414, 415, 422, 431];
const escape = (s) => s.replaceAll('~', '~0').replaceAll('/', '~1');

export class Contract {
  static async load(url) {
    const r = await fetch(`${url}/api/openapi.json`);
    assert.equal(r.status, 200, 'GET /api/openapi.json');
    return new Contract(await r.json());
  }

  constructor(doc) {
    this.doc = doc;
    this.seen = new Set();
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addSchema(doc, 'openapi');
    this.routes = Object.keys(doc.paths).map((path) => ({
      path,
      pattern: new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '[^/]+')}$`),
      literal: path.replace(/\{[^}]+\}/g, '').length,
    }));
    this.routes.sort((a, b) => b.literal - a.literal);
  }

  find(method, url) {
    const path = url.split(/[?#]/)[0];
    for (const r of this.routes) {
      const op = r.pattern.test(path) && this.doc.paths[r.path][method.toLowerCase()];
      if (op) return { route: r.path, op };
    }
    return undefined;
  }

  /** What every answer of the API keeps to, whatever it says. */
  checkAlways(method, url, answer, type) {
    const words = `${method} ${url} ${answer.status}`;
    assert.ok(answer.headers.get('x-request-id'), `${words}: no X-Request-Id`);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', words);
    assert.ok(answer.headers.get('content-security-policy'), `${words}: no Content-Security-Policy`);
    if (answer.status < 400 || method === 'HEAD') return;
    assert.equal(type, 'application/problem+json', `${words}: an error is not a problem document`);
    assert.equal(answer.json.status, answer.status, words);
    assert.equal(answer.json.request_id, answer.headers.get('x-request-id'), words);
    if (blamed.includes(answer.status)) this.checkErrors(words, answer);
  }

  /** A refusal names what in the request it is about, and what is allowed there. */
  checkErrors(words, answer) {
    assert.ok(answer.json.errors.length, `${words} names nothing: ${answer.text.slice(0, 500)}`);
    for (const e of answer.json.errors) {
      const told = `${words}: ${JSON.stringify(e)}`;
      assert.equal(typeof e.pointer, 'string', told);
      assert.ok(e.code && e.detail && e.allowed, told);
    }
  }

  /** Fails when an answer of the API is not what the document says. */
  check(method, url, answer) {
    if (!url.startsWith('/api/')) return;
    const m = method === 'HEAD' ? 'GET' : method;
    const found = this.find(m, url);
    const type = (answer.headers.get('content-type') ?? '').split(';')[0];
    this.checkAlways(method, url, answer, type);
    if (!found) return;
    if (answer.status < 300 && method !== 'HEAD') this.seen.add(`${m} ${found.route}`);
    const status = found.op.responses[answer.status] ? String(answer.status) : 'default';
    const response = found.op.responses[status];
    assert.ok(response, `${m} ${found.route}: status ${answer.status} is not documented`);
    if (method === 'HEAD' || answer.status === 204 || answer.status === 304) return;
    if (!response.content?.[type] || !/json/.test(type)) {
      if (response.$ref || !response.content) return;
      assert.ok(response.content[type] || response.content['*/*'], `${m} ${found.route}: ${type} is not documented`);
      return;
    }
    const ref = `openapi#/paths/${escape(found.route)}/${m.toLowerCase()}/responses/${status}/content/${escape(type)}/schema`;
    const validate = this.ajv.getSchema(ref) ?? this.ajv.compile({ $ref: ref });
    assert.ok(validate(answer.json), `${m} ${found.route} ${answer.status}: ${this.ajv.errorsText(validate.errors)}\n${answer.text.slice(0, 1500)}`);
  }

  /** The operations of the document that have not answered well yet: "GET /api/v1/tickets". */
  untried() {
    return Object.entries(this.doc.paths)
      .flatMap(([path, ops]) => methods.filter((m) => ops[m]).map((m) => `${m.toUpperCase()} ${path}`))
      .filter((o) => !this.seen.has(o));
  }
}
