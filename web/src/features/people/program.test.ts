import { expect, test } from 'vitest';
import { programOf } from './program';

test('a browser and a system are told from the long line', () => {
  expect(
    programOf('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36'),
  ).toBe('Chrome, Linux');
  expect(programOf('Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1')).toBe(
    'Safari, iOS',
  );
});
test('what is not known is shown as it is', () => expect(programOf('my-script/1')).toBe('my-script/1'));
