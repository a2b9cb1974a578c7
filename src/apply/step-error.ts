import { KbootError } from '../model/error.ts';
import { redactLog } from '../plan/diff/redact.ts';
import { targetText } from '../plan/target.ts';
import type { ShellStep, Step } from '../plan/types.ts';
import { fencedStatus, staleStatus } from '../resource/prelude.ts';
import { keptOutput } from './receiver.ts';
import type { Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/** Known outputs of failed steps, with their causes and remedies. */
interface Cause {
  readonly said: RegExp;
  readonly message: string | ((output: string) => string);
  readonly remedy: Text;
}

/** The first match applies. */
const causes: readonly Cause[] = [
  {
    said: /^kube-apiserver does not accept \S+:$/m,
    message: 'the API server would not start with this file; the one that it has stays',
    remedy: remedies.correctApiServerFile,
  },
  {
    said: /No space left on device/i,
    message: 'the disk is full',
    remedy: remedies.freeSpace,
  },
  {
    // curl(1), EXIT CODES; wget(1) says little with -q.
    said: /^curl: \((5|6|7|22|28|35|52|56|60)\)/m,
    message: 'the host could not download a file',
    remedy: remedies.cannotDownload,
  },
  {
    said: /Could not get lock|dpkg frontend lock|Unable to lock directory/,
    message: (output) => `another program holds the lock of apt and dpkg${holder(output)}`,
    remedy: remedies.aptIsLocked,
  },
  {
    said: / already locked by \d+|Waiting for process with pid \d+ to finish/,
    message: (output) => `another program holds the lock of dnf${holder(output)}`,
    remedy: remedies.dnfIsLocked,
  },
  {
    said: /dpkg --configure -a/,
    message: 'an earlier installation of packages was interrupted on this host',
    remedy: remedies.configurePackages,
  },
  {
    said: /--fix-broken install/,
    message: 'packages of this host miss dependencies',
    remedy: remedies.fixPackages,
  },
  {
    said: /dpkg returned an error code/,
    message: (output) => {
      const [, packages] = /Errors were encountered while processing:\n((?: .+\n?)+)/.exec(output) ?? [];
      return `dpkg cannot configure ${packages === undefined ? 'a package' : packages.trim().split(/\s+/).join(', ')}`;
    },
    remedy: remedies.packageFails,
  },
  {
    said: /^The packages are those in the bundle$/m,
    message: 'the package cannot be installed from the packages in the bundle',
    remedy: remedies.bundledPackages,
  },
  {
    said: /not registered with an entitlement server/,
    message: 'this host has no subscription, and so no package sources',
    remedy: remedies.register,
  },
  {
    said: /^(Error: )?(Unable to find a match|Failed to download metadata|Error downloading packages|There are no enabled repositories|No match for argument)/im,
    message: (output) =>
      `the package is not available from the package sources of the host${unreadSources(output)}`,
    remedy: remedies.yumSources,
  },
  {
    said: /^still mounted:/m,
    message: 'something is mounted below a folder that is to be removed; nothing is deleted through a mount',
    remedy: remedies.stillMounted,
  },
  {
    said: /^modprobe: FATAL: Module .* not found/m,
    message: 'the module is not installed for the running kernel',
    remedy: remedies.noModule,
  },
  {
    said: /^E: (Unable to locate package|Package .* has no installation candidate|Failed to fetch|Unable to fetch)/m,
    message: (output) =>
      `the package is not available from the package sources of the host${unreadSources(output)}`,
    remedy: remedies.aptSources,
  },
];

/** `: unattended-upgr (process 812)`, as apt says it, and package-functions.ts for dnf. */
function holder(output: string): string {
  const [, id, name] = [...output.matchAll(/held by process (\d+) \(([^)\n]*)\)/g)].at(-1) ?? [];
  return id === undefined
    ? ''
    : `: ${name === undefined || name === '' ? 'a program' : name} (process ${id})`;
}

/** `; not readable: http://x.example stable Release`: the sources that apt or dnf could not read. */
function unreadSources(output: string): string {
  const said = [
    ...output.matchAll(/^E: The repository '([^'\n]+)'/gm),
    ...output.matchAll(/^[EW]: Failed to fetch (\S+)/gm),
    ...output.matchAll(/Failed to download metadata for repo '([^'\n]+)'/g),
    ...output.matchAll(/Errors during downloading metadata for repository '([^'\n]+)'/g),
  ];
  const names = [...new Set(said.map(([, name = '']) => name))];
  return names.length === 0 ? '' : `; sources that could not be read: ${names.join(', ')}`;
}

/** The error of a step that exited with `status` on its host and printed `output`. */
export function stepError(host: string, step: ShellStep, status: number, output: string): KbootError {
  const detail = redactLog(wholeLines(output));
  const context = { host, step: targetText(step.target), stepId: step.id, command: step.script, detail };
  if (status === staleStatus)
    return new KbootError('E-STALE', output.trim(), {
      ...context,
      remedy: remedies.hostWasChanged,
    });
  if (status === fencedStatus)
    return new KbootError(
      'E-LOCKED',
      'another run has taken over the lock of the cluster; this step was not run',
      {
        ...context,
        remedy: remedies.lockWasTaken,
      },
    );
  const known = causes.find(({ said }) => said.test(output));
  const message = typeof known?.message === 'function' ? known.message(output) : known?.message;
  return new KbootError('E-STEP', message ?? `ended with status ${status}`, {
    ...context,
    remedy: known?.remedy ?? remedies.fixTheCause,
  });
}

/** The error of a step that did not start because the run was interrupted. */
export function interruptedBefore({ id, target }: Step, host?: string): KbootError {
  return new KbootError('E-INTERRUPTED', 'interrupted before this step', {
    ...(host !== undefined && { host }),
    step: targetText(target),
    stepId: id,
  });
}

/** Without the first line of truncated output, which is incomplete. */
function wholeLines(output: string): string {
  const next = output.indexOf('\n') + 1;
  return Buffer.byteLength(output) < keptOutput - 1 ? output : output.slice(next);
}
