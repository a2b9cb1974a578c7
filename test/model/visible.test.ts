import { expect, it } from 'vitest';
import { visible } from '../../src/model/visible.ts';

it('escapes characters that hide or reorder text', () => {
  expect(visible('a\u202eb\u001b[0mc\td\n\u200b')).toBe('a⟨U+202E⟩b⟨U+001B⟩[0mc\td\n⟨U+200B⟩');
});
