import { KbootError } from '../../src/model/error.ts';

/** The error of a promise that must fail with a KbootError. */
export async function failure(promise: Promise<unknown>): Promise<KbootError> {
  const error: unknown = await promise.then(
    () => 'no error',
    (e: unknown) => e,
  );
  if (error instanceof KbootError) return error;
  throw new Error(`expected a KbootError, got ${String(error)}`);
}
