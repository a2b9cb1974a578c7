import type { TransportStats } from './types.ts';

/** All counters at zero. */
export function noStats(): TransportStats {
  return { connections: 0, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 };
}
