import { KbootError } from '../model/error.ts';

interface UntilOptions {
  readonly timeoutSeconds: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** Called whenever what is missing changes. */
  readonly waiting: (missing: string) => void;
  /** Message of E-INTERRUPTED. */
  readonly interrupted: string;
  /** The error after `timeoutSeconds`. */
  readonly timedOut: (missing: string) => KbootError | Promise<KbootError>;
}

/** Looks until there is a value, and returns it. Throws E-INTERRUPTED, and what `timedOut` returns. */
export async function until<T>(
  look: () => Promise<{ readonly value: T } | { readonly missing: string }>,
  options: UntilOptions,
): Promise<T> {
  const { timeoutSeconds, pollMs, signal, waiting, interrupted, timedOut } = options;
  const deadline = Date.now() + timeoutSeconds * 1000;
  let reported = '';
  for (;;) {
    const seen = await look();
    if ('value' in seen) return seen.value;
    const { missing } = seen;
    if (missing !== reported) waiting((reported = missing));
    if (signal.aborted) throw new KbootError('E-INTERRUPTED', interrupted);
    if (Date.now() > deadline) throw await timedOut(missing);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}
