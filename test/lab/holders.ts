import type { Lab } from './lab.ts';
import { hostId } from './names.ts';
import { attempt } from './shell.ts';

/** The hosts with `address` on an interface, read from outside the hosts: also with a pulled cable. */
export async function holders(lab: Lab, address: string): Promise<readonly string[]> {
  const found = await Promise.all(
    lab.hosts.map(async ({ name }) => {
      const { stdout } = await attempt`ip -n ${hostId(lab.id, name)} -o address show to ${address}`;
      return stdout === '' ? [] : [name];
    }),
  );
  return found.flat();
}

/** Waits until exactly one host, other than `not`, holds `address`; resolves to it. Throws after `timeoutMs`. */
export async function oneHolder(lab: Lab, address: string, timeoutMs: number, not?: string): Promise<string> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const [holder, ...others] = await holders(lab, address);
    if (holder !== undefined && others.length === 0 && holder !== not) return holder;
    if (Date.now() > deadline)
      throw new Error(
        `no single holder of ${address}${not === undefined ? '' : ` besides ${not}`} after ${timeoutMs} ms: ${[holder, ...others].join(', ')}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Observes the holders of `address` for `ms`: each distinct set of holders, as one line, in order of appearance. */
export async function holdersDuring(lab: Lab, address: string, ms: number): Promise<readonly string[]> {
  const watch = watchHolders(lab, address);
  await new Promise((resolve) => setTimeout(resolve, ms));
  return await watch.stop();
}

/** Observes the holders of `address` until stopped: each distinct set of holders, in order of appearance. */
export function watchHolders(lab: Lab, address: string): { stop(): Promise<readonly string[]> } {
  const seen = new Set<string>();
  const ended = new AbortController();
  const looking = (async () => {
    while (!ended.signal.aborted) {
      seen.add((await holders(lab, address)).join(', '));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    async stop() {
      ended.abort();
      await looking;
      return [...seen];
    },
  };
}
