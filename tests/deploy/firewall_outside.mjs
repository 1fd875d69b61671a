// Visitors, for firewall.test.mjs: runs in the outer namespace, a line of JSON in, a line of JSON out.
// {to, port, from, n, wait}: opens n connections at once and keeps them; tells how many stand after wait ms, or once all do.
// {close: true} ends them all.
import net from 'node:net';
import { createInterface } from 'node:readline';

let open = [];

function dial({ to, port, from, n = 1, wait = 1500 }) {
  return new Promise((done) => {
    let stand = 0;
    const tell = () => {
      clearTimeout(late);
      done({ stand });
    };
    const late = setTimeout(tell, wait);
    for (let i = 0; i < n; i++) {
      const s = net.connect({ host: to, port, localAddress: from });
      // A greeting proves that the other side took it.
      s.once('data', () => ++stand === n && tell());
      s.on('error', () => {});
      open.push(s);
    }
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.close) {
    for (const s of open) s.resetAndDestroy();
    open = [];
  }
  console.log(JSON.stringify(asked.close ? {} : await dial(asked)));
}
process.exit(0); // attempts that nobody answers would last for minutes
