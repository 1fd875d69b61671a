// A proxy before the laboratory's server that does one thing wrong.
import { createServer as createPlain } from 'node:http';
import { createServer, request } from 'node:https';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { address, host } from './lab_installation.mjs';

export class Proxy {
  /** drop, set: headers of answers; dropRequest: of requests; hide: paths answered with 404; own: a status whose body is
   *  replaced; token: adds the metrics' token; plainText: asks for no compression; tls: options; plain: no TLS. */
  static start(lab, options) {
    const p = new Proxy();
    Object.assign(p, options, { lab, from: `127.77.${Math.floor(Math.random() * 250) + 1}.${Math.floor(Math.random() * 250) + 1}` });
    const handle = (q, w) => p.pass(q, w);
    const files = { key: readFileSync(join(lab.tls, 'server.key')), cert: readFileSync(join(lab.tls, 'server.crt')) };
    p.server = options.plain ? createPlain(handle) : createServer({ ...files, ...options.tls }, handle);
    return new Promise((done) =>
      p.server.listen(options.port ?? 8443, address, () => {
        p.port = p.server.address().port;
        done(p);
      }),
    );
  }
  pass(q, w) {
    if (this.hide?.test(q.url)) return void w.writeHead(404, { 'strict-transport-security': 'max-age=63072000' }).end('not found');
    const headers = { ...q.headers, host, 'x-forwarded-for': q.socket.remoteAddress };
    for (const name of this.dropRequest ?? []) delete headers[name];
    if (this.plainText) delete headers['accept-encoding'];
    if (this.token && q.url === '/metrics') headers.authorization = `Bearer ${this.lab.secrets[2]}`;
    // Each visitor keeps an address of his own, so that the limits hold as they would.
    const from = q.socket.remoteAddress === address ? this.from : q.socket.remoteAddress;
    const up = request({ host: address, port: 443, method: q.method, path: q.url, headers, servername: host, rejectUnauthorized: false, localAddress: from }, (a) => {
      const out = { ...a.headers, ...this.set };
      for (const name of this.drop ?? []) delete out[name];
      if (this.own === a.statusCode) {
        a.resume();
        return void w.writeHead(a.statusCode, { 'content-type': 'text/html' }).end('<h1>Not found</h1>');
      }
      w.writeHead(a.statusCode, out);
      a.pipe(w);
    });
    up.on('error', () => w.destroy());
    q.pipe(up);
  }
  close() {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(done));
  }
}
