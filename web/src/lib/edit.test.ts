import { expect, test, vi } from 'vitest';
import { Problem } from '$/api/problem';
import { changedOf, editing } from './edit';

const thing = { version: 3, name: 'A', tags: ['x'] };
const formOf = ({ name, tags }: typeof thing) => ({ name, tags });
const stale = (current: typeof thing) => new Problem(412, { current });

test('only what differs is sent, with the version that was read', async () => {
  const send = vi.fn(async () => thing);
  await editing(thing, formOf).save({ name: 'B', tags: ['x'] }, send);
  expect(send).toHaveBeenCalledExactlyOnceWith({ name: 'B' }, '"v3"');
});

test('nothing is sent when nothing differs', async () => {
  const send = vi.fn(async () => thing);
  expect(await editing(thing, formOf).save(formOf(thing), send)).toBe(thing);
  expect(send).not.toHaveBeenCalled();
});

test("somebody else's change of another field does not stand in the way", async () => {
  const send = vi.fn(async () => thing).mockRejectedValueOnce(stale({ ...thing, version: 5, tags: ['y'] }));
  await editing(thing, formOf).save({ name: 'B', tags: ['x'] }, send);
  expect(send).toHaveBeenLastCalledWith({ name: 'B' }, '"v5"');
});

test('of the same field it is told first, and saving again then holds', async () => {
  const edit = editing(thing, formOf);
  const send = vi.fn(async () => thing).mockRejectedValueOnce(stale({ ...thing, version: 5, name: 'C' }));
  await expect(edit.save({ name: 'B', tags: ['x'] }, send)).rejects.toThrow();
  await edit.save({ name: 'B', tags: ['x'] }, send);
  expect(send).toHaveBeenLastCalledWith({ name: 'B' }, '"v5"');
});

test('empty and missing are the same', () => {
  expect(changedOf<{ a?: null }>({}, { a: null })).toEqual({});
});
