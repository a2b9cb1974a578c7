import { describe, expect, it } from 'vitest';
import { fillPlaceholders, hasPlaceholder, placeholder } from '../../src/resource/placeholder.ts';

describe('placeholders', () => {
  const text = `a: ${placeholder('ca.crt')}\nb: ${placeholder('ca.crt', 'base64')}\nc: ${placeholder('cluster-id')}`;

  it('are replaced by the facts, plain or in base64', () => {
    expect(hasPlaceholder(text)).toBe(true);
    const filled = fillPlaceholders(text, (name) => (name === 'ca.crt' ? 'PEM$&' : 'id'));
    expect(filled).toBe(`a: PEM$&\nb: ${Buffer.from('PEM$&').toString('base64')}\nc: id`);
    expect(hasPlaceholder(filled)).toBe(false);
  });

  it('leave everything else unchanged', () => {
    expect(hasPlaceholder('__kboot:sa.key__ kboot ca.crt')).toBe(false);
    expect(fillPlaceholders('__kboot:sa.key__', () => 'x')).toBe('__kboot:sa.key__');
  });
});
