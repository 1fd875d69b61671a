// The live stream as a program reads it.
import assert from 'node:assert/strict';

const api = '/api/v1';

/** A stream of server-sent events; events holds {id, event, data} as they come. */
export class Stream {
  static async open(client, headers = {}) {
    const s = new Stream();
    s.events = [];
    s.abort = new AbortController();
    const r = await fetch(`${client.server.url}${api}/events`, {
      headers: { accept: 'text/event-stream', authorization: `Bearer ${client.token}`, ...headers },
      signal: s.abort.signal,
    });
    assert.equal(r.status, 200);
    assert.match(r.headers.get('content-type'), /^text\/event-stream/);
    s.ended = s.read(r.body).catch(() => {});
    return s;
  }
  async read(body) {
    let text = '';
    for await (const part of body.pipeThrough(new TextDecoderStream())) {
      text += part;
      const frames = text.split('\n\n');
      text = frames.pop();
      for (const f of frames) {
        const e = Object.fromEntries(f.split('\n').filter((l) => /^\w+: /.test(l)).map((l) => l.split(/: (.*)/s)));
        if (e.data) this.events.push({ ...e, data: JSON.parse(e.data), at: performance.now() });
      }
    }
  }
  tickets() {
    return this.events.filter((e) => e.event === 'ticket');
  }
  close() {
    this.abort.abort();
    return this.ended;
  }
}
