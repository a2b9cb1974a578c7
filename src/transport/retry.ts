import { setTimeout as delay } from 'node:timers/promises';

/** The server closed the connection before login could begin, as sshd's MaxStartups makes it do. */
export class HandshakeReset extends Error {
  override readonly name = 'HandshakeReset';
}

/** Middle of the pause before each further try; about 10 s in all. */
const pausesMs = [500, 1000, 2000, 3000, 4000];

/**
 * Runs `attempt` again, after a pause of 0.5 to 1.5 times the middle, as long as it throws HandshakeReset.
 * Any other error passes at once; the last HandshakeReset passes after six tries.
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
