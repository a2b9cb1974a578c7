import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Lab } from './lab.ts';
import { $ } from './shell.ts';

/**
 * A slow link between the bridge and the hosts' sshd, for kernels without netem: only TCP to port 22
 * takes `roundTripMs` longer. Does not affect bandwidth or loss as netem does.
 * Returns a function that ends it. Needs nft on this machine.
 */
export async function slowLink(lab: Lab, roundTripMs: number): Promise<() => Promise<void>> {
  const source = lab.gateway.replace(/\d+$/, '254');
  const relays: ChildProcess[] = [];
  const inside = (argv: readonly string[]): readonly string[] => lab.inside(argv);
  const end = async (): Promise<void> => {
    await $`${inside(['nft', 'delete', 'table', 'ip', 'slow'])}`.nothrow();
    await $`${inside(['ip', 'address', 'delete', `${source}/32`, 'dev', 'lab0'])}`.nothrow();
    for (const relay of relays) relay.kill();
  };
  try {
    await $`${inside(['ip', 'address', 'add', `${source}/32`, 'dev', 'lab0'])}`;
    const rules: string[] = [];
    for (const [index, { address }] of lab.hosts.entries()) {
      const port = 42_000 + index;
      const script = new URL('./slow-relay.ts', import.meta.url).pathname;
      const argv = [process.execPath, '--import', 'tsx', script, port, address, 22, source, roundTripMs].map(
        String,
      );
      const [file = '', ...args] = inside(argv);
      const relay = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
      relays.push(relay);
      const ended = once(relay, 'exit').then(() => {
        throw new Error('the relay of a slow link ended');
      });
      ended.catch(() => undefined);
      await Promise.race([once(relay.stdout, 'data'), ended]);
      rules.push(`ip daddr ${address} tcp dport 22 ip saddr != ${source} redirect to :${port}`);
    }
    const chain = ['type nat hook output priority -100', ...rules].join('\n');
    await $({ input: `table ip slow {\nchain output {\n${chain}\n}\n}\n` })`${inside(['nft', '-f', '-'])}`;
  } catch (error) {
    await end();
    throw error;
  }
  return end;
}
