import { expect, test } from 'vitest';
import {
  choicesFrom,
  definitionOf,
  emptyForm,
  formOf,
  nameFrom,
  optionsOf,
  placeAmong,
  type Definition,
} from './fields';

const form = (more: object) => ({ ...emptyForm('ticket'), ...more });

test('only options of the type are sent', () => {
  const all = { min: '1', max: '9', max_length: '20', choices: [{ value: 'a', label: 'A' }] };
  expect(optionsOf(form({ ...all, type: 'text' }))).toEqual({ max_length: 20 });
  expect(optionsOf(form({ ...all, type: 'integer', preset: '5' }))).toEqual({ min: 1, max: 9, default: 5 });
  expect(optionsOf(form({ ...all, type: 'choice' }))).toEqual({ choices: [{ value: 'a', label: 'A' }] });
  expect(optionsOf(form({ ...all, type: 'date' }))).toEqual({});
});

test('what is no number goes as it is, for the server to say so', () => {
  expect(optionsOf(form({ type: 'integer', min: 'x' }))).toEqual({ min: 'x' });
  expect(optionsOf(form({ type: 'integer', min: '3' }))).toEqual({ min: 3 });
});

test('empty rows are no choices, words alone are their own value, a tree needs none', () => {
  const rows = [
    { value: '', label: '' },
    { value: '', label: 'Blue' },
    { value: 'Hardware::Printer', label: '' },
  ];
  expect(optionsOf(form({ type: 'tree_choice', choices: rows }))).toEqual({
    choices: [{ value: 'Blue', label: 'Blue' }, 'Hardware::Printer'],
  });
  expect(placeAmong(rows, 2)).toBe(1);
});

test('a definition goes through the form unchanged', () => {
  const options = { choices: [{ value: 'a', label: 'A' }, 'b'], default: ['a'] };
  const d = {
    object: 'ticket',
    name: 'x',
    label: 'X',
    help: '',
    type: 'tree_choices',
    options,
    screens: {},
    active: true,
  };
  expect(optionsOf(formOf(d as unknown as Definition))).toEqual(options);
});

test('a choice that is there twice is shown once, but sent as it is', () => {
  const rows = [
    { value: 'a', label: 'A' },
    { value: 'a', label: 'B' },
  ];
  const twice = form({ type: 'choice', choices: rows });
  expect(definitionOf(twice).options.choices).toEqual([{ value: 'a', label: 'A' }]);
  expect(optionsOf(twice).choices).toHaveLength(2);
});

test('a name comes from the label where it can', () => {
  expect(nameFrom('Which room?')).toBe('which_room');
  expect(nameFrom('2. Straße / Été')).toBe('stra_e_ete');
  expect(nameFrom('الغرفة')).toBe('');
});

test('a pasted list becomes choices', () => {
  expect(choicesFrom('a = Alpha\n\n b \nc=x=y')).toEqual([
    { value: 'a', label: 'Alpha' },
    { value: 'b', label: '' },
    { value: 'c', label: 'x=y' },
  ]);
});
