import { beforeEach, expect, test, vi } from 'vitest';

const seen: string[] = [];
let stored: unknown;
let version = 0;
let answers: (() => void)[] = [];
let fails = false;
vi.stubGlobal('fetch', async (request: Request) => {
  const body =
    request.method === 'PUT' ? ((await request.json()) as { data: { body: string }; version: number }) : undefined;
  seen.push(`${request.method} ${body?.data.body ?? ''}`.trim());
  if (request.method === 'PUT') await new Promise<void>((done) => answers.push(done));
  if (fails) return new Response('{"status":507}', { status: 507 });
  const now = { slot: 'reply', data: stored, version };
  if (body && body.version !== version) return Response.json({ status: 412, current: now }, { status: 412 });
  if (body) ((stored = body.data), version++);
  if (request.method === 'DELETE') ((stored = undefined), (version = 0));
  return Response.json(request.method === 'GET' ? { data: stored ? [now] : [] } : { ...now, version });
});
const { draftOf, joined } = await import('./draft.svelte');

const text = (body: string) => ({ body, mode: 'answer' as const, files: [] });
const settle = async () => {
  for (let i = 0; i < 20; i++) {
    await vi.advanceTimersByTimeAsync(0);
    answers.shift()?.();
  }
};
let next = 1;
beforeEach(() => {
  vi.useFakeTimers();
  seen.length = 0;
  answers = [];
  stored = undefined;
  version = 0;
  fails = false;
});

test('an older text never overtakes a newer one', async () => {
  const draft = draftOf(next++);
  draft.keep(text('one'));
  await vi.advanceTimersByTimeAsync(1000);
  draft.keep(text('two'));
  await vi.advanceTimersByTimeAsync(1000);
  expect(seen).toEqual(['PUT one']);
  await settle();
  expect(seen).toEqual(['PUT one', 'PUT two']);
  expect(draft.saved).toBe('saved');
});

test('what waits to be sent stays kept until the server has it', async () => {
  const draft = draftOf(next++);
  draft.shownBy(() => undefined);
  draft.keep(text('the answer'));
  draft.sending();
  draft.keep(text(''));
  await vi.advanceTimersByTimeAsync(3000);
  await settle();
  expect(stored).toEqual(text('the answer'));
  draft.sent();
  await settle();
  expect(stored).toBeUndefined();
});

test('a letter that is refused after its composer is gone is there the next time', async () => {
  const id = next++;
  const draft = draftOf(id);
  const off = draft.shownBy(() => undefined);
  draft.keep(text('refused later'));
  draft.sending();
  draft.keep(text(''));
  await settle();
  off();
  await settle();
  expect(stored).toEqual(text('refused later'));
  draft.back(text('refused later'));
  await settle();
  expect(await draftOf(id).load()).toEqual(text('refused later'));
});

test('what was written meanwhile stays behind a letter that comes back, and is kept when it goes', async () => {
  const draft = draftOf(next++);
  let shown = text('');
  draft.shownBy((data) => (shown = data as typeof shown));
  draft.keep(text('first'));
  draft.sending();
  draft.keep(text('second'));
  draft.back(text('first'));
  expect(shown.body).toBe('first\n\nsecond');
  draft.sending();
  draft.keep(text('third'));
  await vi.advanceTimersByTimeAsync(1000);
  await settle();
  draft.sent();
  await settle();
  expect(stored).toEqual(text('third'));
});

test('a text that the server cannot keep now is tried again, and is not gone meanwhile', async () => {
  const id = next++;
  const draft = draftOf(id);
  const off = draft.shownBy(() => undefined);
  fails = true;
  draft.keep(text('disk full'));
  await vi.advanceTimersByTimeAsync(1000);
  await settle();
  expect(draft.saved).toBe('unsaved');
  off();
  expect(await draftOf(id).load()).toEqual(text('disk full'));
  fails = false;
  await vi.advanceTimersByTimeAsync(6000);
  await settle();
  expect(stored).toEqual(text('disk full'));
});

test('two drafts become one, each file once', () => {
  const file = { id: 1, name: 'a', content_type: 'b', size: 1 };
  const one = { body: 'x', mode: 'note' as const, files: [file] };
  expect(joined(one, { ...text('y'), files: [file] })).toEqual({ body: 'x\n\ny', mode: 'note', files: [file] });
});

test('what was written on another machine meanwhile is not written over', async () => {
  const draft = draftOf(next++);
  let shown = text('');
  draft.shownBy((data) => {
    shown = data as typeof shown;
    draft.keep(shown);
  });
  draft.keep(text('here'));
  await vi.advanceTimersByTimeAsync(1000);
  await settle();
  [stored, version] = [text('there'), version + 1];
  draft.keep(text('here and on'));
  await vi.advanceTimersByTimeAsync(1000);
  await settle();
  await vi.advanceTimersByTimeAsync(1000);
  await settle();
  expect(stored).toEqual(text('here and on\n\nthere'));
  expect(shown).toEqual(stored);
});
