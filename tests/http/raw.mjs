// Plain sockets: what a client that keeps to no library may send.
import net from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** A socket that collects what comes; closed is a promise of the end. */
export class Raw {
  constructor(options) {
    this.text = '';
    this.ended = false;
    this.socket = net.connect(options);
    this.socket.setNoDelay(true);
    this.socket.on('data', (d) => (this.text += d.toString('latin1')));
    this.socket.on('error', () => {});
    this.closed = new Promise((done) =>
      this.socket.on('close', () => {
        this.ended = true;
        done(this.text);
      }),
    );
    this.opened = new Promise((done, fail) => {
      this.socket.on('connect', () => done(this));
      this.socket.on('error', fail);
    });
    this.opened.catch(() => {});
  }
  static open(server, more = {}) {
    return new Raw({ host: '127.0.0.1', port: server.port, ...more }).opened;
  }
  send(text) {
    this.socket.write(text, 'latin1');
    return this;
  }
  close() {
    this.socket.destroy();
  }
  /** The statuses of all answers so far. */
  statuses() {
    return [...this.text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((m) => Number(m[1]));
  }
}

/** Sends the bytes on a connection of their own and gives all that comes until the server closes it. */
export async function exchange(server, text) {
  const raw = await Raw.open(server);
  raw.send(text);
  await raw.closed;
  return raw;
}

/** A certificate of its own for localhost: {cert, key, pem}. */
export function certificate(dir, name) {
  const cert = join(dir, `${name}.crt`);
  const key = join(dir, `${name}.key`);
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert,
  ], { stdio: 'ignore' });
  return { cert, key, pem: readFileSync(cert, 'utf8') };
}

/** Puts one certificate in the place of another. */
export function replaceCertificate(old, next) {
  writeFileSync(old.cert, readFileSync(next.cert));
  writeFileSync(old.key, readFileSync(next.key));
}
