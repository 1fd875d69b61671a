import { expect, test } from 'vitest';
import { blank, byPlace, isBlank, likeness, nameOf, personFrom, tellingWords, ticketBody } from './form';

test('what was typed tells whether it is an address, a number or a name', () => {
  expect(personFrom(' ann@example.org ')).toEqual({ name: '', email: 'ann@example.org', phone: '' });
  expect(personFrom('+49 30 12 34')).toEqual({ name: '', email: '', phone: '+49 30 12 34' });
  expect(personFrom('Ann 2')).toEqual({ name: 'Ann 2', email: '', phone: '' });
  expect(nameOf({ name: ' ', email: 'ann@example.org', phone: '' })).toBe('ann');
});

test('a caller’s words are his own, a note is nobody else’s', () => {
  const form = { ...blank(), title: ' T ', body: 'x' };
  expect(ticketBody(form, 7)).toEqual({
    title: 'T',
    customer: 7,
    channel: 'phone',
    message: { body: 'x', format: 'markdown', visibility: 'public', kind: 'phone_in', on_behalf_of: 7 },
  });
  const note = ticketBody({ ...form, visibility: 'internal', channel: 'walk_in' }, 7).message;
  expect(note.kind).toBe('note');
  expect('on_behalf_of' in note).toBe(false);
});

test('each refusal finds its place', () => {
  const at = (pointer: string) => Object.keys(byPlace([{ pointer, code: 'x', detail: 'No.' }]))[0];
  expect(at('/title')).toBe('title');
  expect(at('/message/body')).toBe('body');
  expect(at('/message/attachments/0')).toBe('files');
  expect(at('/fields/room')).toBe('fields.room');
  expect(at('/email')).toBe('person.email');
  expect(at('/tags/3')).toBe('tags');
});

test('an empty form is no draft', () => {
  expect(isBlank(blank())).toBe(true);
  expect(isBlank({ ...blank(), title: 'x' })).toBe(false);
});

test('titles are alike when they share their words', () => {
  const words = tellingWords('Printer on floor 3 is broken');
  expect(words[0]).toBe('printer');
  expect(likeness('Broken printers, third floor', words)).toBeGreaterThan(0.5);
  expect(likeness('Holiday request', words)).toBe(0);
});
