import { KbootError } from '../model/error.ts';
import { targetText } from '../plan/target.ts';
import type { ShellStep } from '../plan/types.ts';
import { staleStatus } from '../resource/prelude.ts';
import { keptOutput } from './receiver.ts';

/** What a step that failed said, why that was, and what helps. */
interface Cause {
  readonly said: RegExp;
  readonly message: string;
  readonly remedy: string;
}

const again = 'then run the same command again: it goes on there.';

/** The first that fits counts. */
const causes: readonly Cause[] = [
  {
    said: /No space left on device/i,
    message: 'no space is left on the disk',
    remedy: 'Free space on this host and run the same command again: it goes on there.',
  },
  {
    // curl(1), EXIT CODES; wget(1) says little with -q.
    said: /^curl: \((5|6|7|22|28|35|52|56|60)\)/m,
    message: 'the host could not download a file',
    remedy: `Look at its name server, firewall and route to that address; where it has no way out, use a bundle (--bundle DIR) or a mirror (spec.artifacts.mirror), ${again}`,
  },
  {
    said: /Could not get lock|dpkg frontend lock/,
    message: 'another program holds the lock of apt and dpkg',
    remedy: `Wait until it is done, ${again} On a machine that just booted it is often unattended-upgrades: \`systemctl status apt-daily-upgrade\`.`,
  },
  {
    said: /Waiting for process with pid \d+ to finish/,
    message: 'another dnf runs and did not end',
    remedy: `Wait until it is done (\`ps -C dnf\`), ${again} On a machine that just booted it is often dnf-makecache.`,
  },
  {
    said: /^(Error: )?(Unable to find a match|Failed to download metadata|Error downloading packages|There are no enabled repositories|No match for argument)/im,
    message: 'the package cannot be had from the package sources of the host',
    remedy: `Look at its name server and at /etc/yum.repos.d (\`dnf makecache\` says more), or install the package yourself, ${again}`,
  },
  {
    said: /^modprobe: FATAL: Module .* not found/m,
    message: 'the kernel that runs has no such module on the disk',
    remedy: `If the kernel was updated since the host booted, reboot it; on Rocky Linux look for the package kernel-modules of this kernel (\`uname -r\`), ${again}`,
  },
  {
    said: /^E: (Unable to locate package|Package .* has no installation candidate|Failed to fetch|Unable to fetch)/m,
    message: 'the package cannot be had from the package sources of the host',
    remedy: `Look at its name server and at /etc/apt/sources.list and sources.list.d (\`apt-get update\` says more), or install the package yourself, ${again}`,
  },
];

/** The error of a step that ended with `status` on its host and said `output`. */
export function stepError(host: string, step: ShellStep, status: number, output: string): KbootError {
  const detail = wholeLines(output);
  const context = { host, step: targetText(step.target), stepId: step.id, command: step.script, detail };
  if (status === staleStatus)
    return new KbootError('E-STALE', output.trim(), {
      ...context,
      remedy: 'Somebody changed the host in between. Run the same command again: it plans anew.',
    });
  const known = causes.find(({ said }) => said.test(output));
  return new KbootError('E-STEP', known?.message ?? `ended with status ${status}`, {
    ...context,
    remedy: known?.remedy ?? `Mend the cause on this host, ${again}`,
  });
}

/** Without the first line of an output that was cut: a half word says nothing. */
function wholeLines(output: string): string {
  const next = output.indexOf('\n') + 1;
  return Buffer.byteLength(output) < keptOutput - 1 ? output : output.slice(next);
}
