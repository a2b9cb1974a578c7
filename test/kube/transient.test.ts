import { describe, expect, it } from 'vitest';
import { refused } from '../../src/kube/client.ts';
import { isTransient } from '../../src/kube/transient.ts';
import { KbootError } from '../../src/model/error.ts';

describe('isTransient', () => {
  it.each([403, 404, 409, 429, 500, 502, 503, 504])('retries after status %i', (status) => {
    expect(isTransient(refused('applying Namespace x', { status, body: null }))).toBe(true);
  });

  it.each([400, 401, 405, 410, 413, 415, 422])('does not retry after status %i', (status) => {
    expect(isTransient(refused('applying Namespace x', { status, body: null }))).toBe(false);
  });

  it('looks at the status, not at the words of the response', () => {
    const body = { message: 'admission webhook: the API answered 400: no' };
    expect(isTransient(refused('applying Namespace x', { status: 500, body }))).toBe(true);
  });

  it('retries without a response, and no other error', () => {
    expect(isTransient(new KbootError('E-KUBE-API', 'the connection to the API server ended'))).toBe(true);
    expect(isTransient(new KbootError('E-WAIT', 'not after 60 s'))).toBe(false);
  });
});
