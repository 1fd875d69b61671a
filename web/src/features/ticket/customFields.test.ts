import { expect, test } from 'vitest';
import { choicesOf, onScreen, parsed, shown, type Definition } from './customFields';

const field = (more: Partial<Definition>) =>
  ({
    object: 'ticket',
    active: true,
    position: 0,
    screens: {},
    options: {},
    type: 'text',
    name: 'x',
    ...more,
  }) as Definition;

test('fields of other objects, switched off and hidden ones are not shown; the others in their order', () => {
  const all = [
    field({ name: 'b', position: 2 }),
    field({ name: 'a', position: 1, screens: { edit: 'required' } }),
    field({ name: 'user', object: 'user' }),
    field({ name: 'off', active: false }),
    field({ name: 'hidden', screens: { edit: 'hidden' } }),
  ];
  expect(onScreen(all, 'edit').map((f) => f.name)).toEqual(['a', 'b']);
});

test('values travel to the control and back', () => {
  for (const [type, value] of [
    ['text', 'a b'],
    ['integer', -4],
    ['decimal', 1.5],
    ['boolean', false],
    ['choices', ['a', 'b']],
  ] as const)
    expect(parsed(field({ type }), shown(value)), type).toEqual(value);
  expect(parsed(field({ type: 'integer' }), ' ')).toBeNull();
});

test('what is no number is left to the server to refuse', () => {
  expect(parsed(field({ type: 'integer' }), '12a')).toBe('12a');
});

test('choices are texts, or values with a label', () => {
  const options = { choices: ['a::b', { value: 'c', label: 'C!' }] };
  expect(choicesOf(field({ options }))).toEqual([
    { value: 'a::b', label: 'a › b' },
    { value: 'c', label: 'C!' },
  ]);
});
