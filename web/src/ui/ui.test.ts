import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { afterEach, expect, test, vi } from 'vitest';
import Button from './Button.svelte';
import ErrorBox from './ErrorBox.svelte';
import Tabs from './Tabs.svelte';
import { Problem } from '$/api/problem';

afterEach(cleanup);

const words = (text: string) => createRawSnippet(() => ({ render: () => `<span>${text}</span>` }));

test('a busy button cannot be pressed, and says so', async () => {
  const pressed = vi.fn();
  render(Button, { busy: true, onclick: pressed, children: words('Go') });
  const button = screen.getByRole('button', { name: 'Go' });
  button.click();
  expect(pressed).not.toHaveBeenCalled();
  expect(button.getAttribute('aria-busy')).toBe('true');
});

test('an error is announced, with a way on', async () => {
  const retry = vi.fn();
  render(ErrorBox, { error: new Problem(503), onretry: retry });
  expect(screen.getByRole('alert').textContent).toContain('busy');
  await fireEvent.click(screen.getByRole('button'));
  expect(retry).toHaveBeenCalledOnce();
});

test('arrow keys go through tabs, round the end', async () => {
  const seen: string[] = [];
  render(Tabs, {
    label: 'x',
    panel: 'p',
    value: 'a',
    tabs: [
      { id: 'a', label: 'A' },
      { id: 'b', label: 'B' },
    ],
    onpick: (id: string) => seen.push(id),
  });
  const list = screen.getByRole('tablist');
  await fireEvent.keyDown(list, { key: 'ArrowRight' });
  await fireEvent.keyDown(list, { key: 'ArrowRight' });
  expect(seen).toEqual(['b', 'a']);
});
