import { beforeEach, expect, test, vi } from 'vitest';
import { go, guardBack, href, listenToLinks, match, router, setQuery } from './router.svelte';

beforeEach(() => {
  go('/app/lists/mine');
  router.arrived();
});

test('a pattern fits a path and names its parts', () => {
  expect(match('/tickets/:id', '/tickets/number%3A10017')).toEqual({ id: 'number:10017' });
  expect(match('/tickets/:id', '/tickets')).toBeNull();
  expect(match('/tickets/:id', '/tickets/5/more')).toBeNull();
  expect(match('/', '/')).toEqual({});
});

test('addresses leave out what is empty', () => {
  expect(href('/lists/all', { q: '', sort: undefined, page: 2 })).toBe('/app/lists/all?page=2');
  expect(href('/')).toBe('/app/');
});

test('the state of a page stands in the address', () => {
  setQuery({ q: 'state:open a&b' });
  expect(location.search).toBe('?q=state%3Aopen+a%26b');
  expect(router.query.get('q')).toBe('state:open a&b');
  setQuery({ q: null });
  expect(location.search).toBe('');
});

test('a page keeps its query until the next one is there', () => {
  setQuery({ q: 'printer' });
  go('/app/tickets/5?from=x');
  expect(router.path).toBe('/tickets/5');
  expect(router.query.get('q')).toBe('printer');
  expect(router.query.get('from')).toBeNull();
  router.arrived();
  expect(router.query.get('q')).toBeNull();
  expect(router.query.get('from')).toBe('x');
});

test('going back is refused while something typed would be lost, and the address is what it was', async () => {
  listenToLinks();
  go('/app/tickets/5');
  go('/app/tickets/6');
  let asked = 0;
  const off = guardBack(() => ++asked === 0);
  history.back();
  await vi.waitFor(() => expect([asked, location.pathname]).toEqual([1, '/app/tickets/6']));
  expect(router.path).toBe('/tickets/6');
  off();
  history.back();
  await vi.waitFor(() => expect(router.path).toBe('/tickets/5'));
});
