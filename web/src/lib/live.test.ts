import { expect, test } from 'vitest';
import { readFrames } from './live.svelte';

test('frames are taken whole, however the bytes are cut', () => {
  const wire = ': hello\n\nid: 7\nevent: ticket\ndata: {"a":1}\n\nid: 8\nevent: reset\ndata: {}\n\n';
  for (let cut = 0; cut <= wire.length; cut++) {
    const seen: string[] = [];
    const take = (event: string, data: string, id: string) => seen.push(`${event} ${data} ${id}`);
    const rest = readFrames(wire.slice(0, cut), take);
    expect(readFrames(rest + wire.slice(cut), take)).toBe('');
    expect(seen).toEqual(['ticket {"a":1} 7', 'reset {} 8']);
  }
});
