import { setTimeout as delay } from 'node:timers/promises';

/** The server closed the connection before login could begin, as sshd does beyond MaxStartups. */
export class HandshakeReset extends Error {
  override readonly name = 'HandshakeReset';
}

/** Mean pause before each retry; about 10 s in total. */
const pausesMs = [500, 1000, 2000, 3000, 4000];

/**
 * Retries `attempt`, after a pause of 0.5 to 1.5 times the mean, as long as it throws HandshakeReset.
 * Any other error is thrown at once; HandshakeReset is thrown after six attempts.
 */
export async function retryHandshake<T>(
  attempt: () => Promise<T>,
  pause: (ms: number) => Promise<unknown> = delay,
): Promise<T> {
  for (const middle of pausesMs) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof HandshakeReset)) throw error;
    }
    await pause(middle * (0.5 + Math.random()));
  }
  return attempt();
}
