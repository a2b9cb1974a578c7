import { expect, it } from 'vitest';
import { keptOutput } from '../../src/apply/receiver.ts';
import { stepError } from '../../src/apply/step-error.ts';
import { shellStep } from '../samples/plan.ts';

const step = shellStep('w-1', 'package curl');

it.each([
  ['a full disk, as tar says it', 'tar: bin/ctr: Cannot write: No space left on device', 'no space is left'],
  [
    'a full disk, as containerd says it',
    'ctr: write /var/lib/x: no space left on device',
    'no space is left',
  ],
  ['no way out', 'curl: (6) Could not resolve host: dl.k8s.io', 'could not download'],
  ['a proxy in between', 'curl: (60) SSL certificate problem', 'could not download'],
  [
    'a machine that upgrades itself',
    'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (apt)',
    'the lock of apt',
  ],
  [
    'no package source',
    "Temporary failure resolving 'deb.debian.org'\nE: Unable to locate package curl",
    'cannot be had from the package sources',
  ],
  [
    'no repository',
    "Errors during downloading metadata for repository 'baseos':\nError: Failed to download metadata for repo 'baseos': Cannot prepare internal mirrorlist",
    'cannot be had from the package sources',
  ],
  [
    'another dnf',
    'Waiting for process with pid 812 to finish.\ndid not end within 600 s',
    'another dnf runs',
  ],
  [
    'a kernel that was updated under a host',
    'modprobe: FATAL: Module br_netfilter not found in directory /lib/modules/5.14.0-503.el9',
    'no such module on the disk',
  ],
  ['anything else', 'E: Sub-process /usr/bin/dpkg returned an error code (1)', 'ended with status 100'],
])('names the cause and keeps what was said: %s', (_title, output, message) => {
  const error = stepError('w-1', step, 100, output);
  expect(error.message).toContain(message);
  expect(error.context).toMatchObject({ host: 'w-1', detail: output });
  expect(error.context.remedy).toMatch(/run the same command again: it goes on there\./);
});

it('begins with a whole line where the output was cut', () => {
  const detail = (output: string): string | undefined => stepError('w-1', step, 1, output).context.detail;
  const long = `${'x'.repeat(keptOutput - 6)}\nlast`;
  expect(detail(long)).toBe('last');
  expect(detail(long.slice(10))).toBe(long.slice(10));
  expect(detail('y'.repeat(keptOutput))).toHaveLength(keptOutput);
});
