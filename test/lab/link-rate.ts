import type { Lab } from './lab.ts';
import { hostId } from './names.ts';
import { attempt, $ } from './shell.ts';

/** Limits what each host sends and receives to `mbit` Mbit/s; 0 removes it. Needs tbf (sch_tbf) in the kernel. */
export async function limitRate(lab: Lab, mbit: number): Promise<void> {
  for (const { name, address } of lab.hosts) {
    const ends = [
      [lab.id, `port${address.split('.')[3] ?? ''}`],
      [hostId(lab.id, name), 'eth0'],
    ] as const;
    for (const [namespace, device] of ends) {
      await attempt`tc -n ${namespace} qdisc delete dev ${device} root`;
      if (mbit > 0)
        await $`tc -n ${namespace} qdisc add dev ${device} root tbf rate ${`${mbit}mbit`} burst 128kb latency 400ms`;
    }
  }
}
