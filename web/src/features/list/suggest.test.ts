import { expect, test } from 'vitest';
import { suggest, wordAt, type Language } from './suggest';

const language: Language = {
  fields: [
    { name: 'state', help: 'a state' },
    { name: 'status', help: 'the same as state' },
    { name: 'group', help: 'a group' },
  ],
  values: { state: ['open', 'pending reminder'], group: ['2nd level'] },
};
const at = (text: string) => suggest(text, text.length, language);

test('fields are offered once each, while their names are typed', () => {
  expect(at('vpn sta').map((s) => s.text)).toEqual(['vpn state:']);
  expect(at('-gr').map((s) => s.text)).toEqual(['-group:']);
  expect(at('(st').map((s) => s.text)).toEqual(['(state:']);
});

test('values are offered behind a colon, in quotes where they need them', () => {
  expect(at('state:').map((s) => s.text)).toEqual(['state:open ', 'state:"pending reminder" ']);
  expect(at('group:"2nd le').map((s) => s.text)).toEqual(['group:"2nd level" ']);
});

test('what is complete, empty or unknown is left alone', () => {
  expect(at('')).toEqual([]);
  expect(at('state:open')).toEqual([]);
  expect(at('nothing:x')).toEqual([]);
});

test('the word is the one at the caret', () => {
  expect(wordAt('state:open gro vpn', 14)).toEqual({ from: 11, word: 'gro' });
});
