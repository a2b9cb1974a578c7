import { expect, it } from 'vitest';
import { keptOutput } from '../../src/apply/receiver.ts';
import { stepError } from '../../src/apply/step-error.ts';
import { shellStep } from '../samples/plan.ts';

const step = shellStep('w-1', 'package curl');

it.each([
  ['a full disk, as tar says it', 'tar: bin/ctr: Cannot write: No space left on device', 'the disk is full'],
  [
    'a full disk, as containerd says it',
    'ctr: write /var/lib/x: no space left on device',
    'the disk is full',
  ],
  ['no internet access', 'curl: (6) Could not resolve host: dl.k8s.io', 'could not download'],
  ['a proxy in between', 'curl: (60) SSL certificate problem', 'could not download'],
  [
    'a machine that upgrades itself',
    'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)',
    'the lock of apt and dpkg: apt (process 1)',
  ],
  [
    'a machine that updates its package lists',
    'E: Could not get lock /var/lib/apt/lists/lock. It is held by process 812 (apt-get)\nE: Unable to lock directory /var/lib/apt/lists/',
    'the lock of apt and dpkg: apt-get (process 812)',
  ],
  [
    'an interrupted dpkg',
    "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem.",
    'an earlier installation of packages was interrupted',
  ],
  ['missing dependencies', "E: Unmet dependencies. Try 'apt --fix-broken install'", 'miss dependencies'],
  [
    'a package that cannot be configured',
    'Errors were encountered while processing:\n grub-pc\n haproxy\nE: Sub-process /usr/bin/dpkg returned an error code (1)',
    'dpkg cannot configure grub-pc, haproxy',
  ],
  [
    'a source of somebody else',
    "E: The repository 'http://gone.example stable Release' does not have a Release file.\nW: Failed to fetch http://gone.example/x\nE: Unable to locate package haproxy",
    'package sources of the host; sources that could not be read: http://gone.example stable Release, http://gone.example/x',
  ],
  [
    'no subscription',
    'This system is not registered with an entitlement server.\nError: Unable to find a match: haproxy',
    'has no subscription',
  ],
  [
    'no package source',
    "Temporary failure resolving 'deb.debian.org'\nE: Unable to locate package curl",
    'not available from the package sources',
  ],
  [
    'a bundle that lacks something',
    'Error: Unable to find a match: haproxy\nThe packages are those in the bundle',
    'cannot be installed from the packages in the bundle',
  ],
  [
    'no repository',
    "Errors during downloading metadata for repository 'baseos':\nError: Failed to download metadata for repo 'baseos': Cannot prepare internal mirrorlist",
    'not available from the package sources',
  ],
  [
    'another dnf, which kboot waited for',
    'metadata already locked by 812\nIt is held by process 812 (packagekitd)',
    'the lock of dnf: packagekitd (process 812)',
  ],
  [
    'another dnf',
    'Waiting for process with pid 812 to finish.\ndid not end within 600 s',
    'another program holds the lock of dnf',
  ],
  [
    'a kernel update without a reboot',
    'modprobe: FATAL: Module br_netfilter not found in directory /lib/modules/5.14.0-503.el9',
    'not installed for the running kernel',
  ],
  [
    'a package of unknown name',
    'E: Sub-process /usr/bin/dpkg returned an error code (1)',
    'configure a package',
  ],
  ['anything else', 'Segmentation fault', 'ended with status 100'],
])('names the cause and keeps the output: %s', (_title, output, message) => {
  const error = stepError('w-1', step, 100, output);
  expect(error.message).toContain(message);
  expect(error.context).toMatchObject({ host: 'w-1', detail: output });
  expect(error.context.remedy).toMatch(/run the same command again: it continues there\./);
});

it('begins with a complete line if the output was truncated', () => {
  const detail = (output: string): string | undefined => stepError('w-1', step, 1, output).context.detail;
  const long = `${'x '.repeat(keptOutput / 2 - 3)}\nlast`;
  expect(detail(long)).toBe('last');
  expect(detail(long.slice(10))).toBe(long.slice(10));
  expect(detail('y '.repeat(keptOutput / 2))).toHaveLength(keptOutput);
});
