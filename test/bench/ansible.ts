import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Target } from '../../src/plan/types.ts';
import { manifestPath } from '../../src/resource/static-pod.ts';
import type { ClusterSite } from '../e2e/cluster.ts';
import { plannedTargets, type KbootResult, type SiteHost } from '../lab/kboot.ts';

/** Whether Ansible is installed here. */
export const hasAnsible = spawnSync('ansible-playbook', ['--version']).status === 0;

const program = 'ansible-playbook';

/**
 * Writes a playbook that checks what kboot's plan of fresh hosts made: files and programs by SHA-256, units, and settings of
 * the kernel, each kind in one loop; with pipelining and as many forks as there are hosts. Returns what runs it, once it has
 * run: later runs find Python's caches warm.
 */
export async function checkingPlaybook(
  site: ClusterSite,
  hosts: readonly SiteHost[],
  made: KbootResult,
): Promise<() => Promise<void>> {
  const inventory = {
    all: {
      hosts: Object.fromEntries(
        hosts.map(({ name, address }) => {
          const names = (kind: Target['kind']): readonly string[] => [
            ...new Set(
              plannedTargets(made, name).flatMap((target) =>
                target.kind === kind && 'name' in target ? [target.name] : [],
              ),
            ),
          ];
          return [
            name,
            {
              ansible_host: address,
              files: [...names('file'), ...names('binary'), ...names('static-pod').map(manifestPath)],
              units: names('unit'),
              sysctls: names('sysctl'),
            },
          ];
        }),
      ),
    },
  };
  const plays = [
    {
      hosts: 'all',
      gather_facts: true,
      tasks: [
        {
          'ansible.builtin.stat': { path: '{{ item }}', checksum_algorithm: 'sha256' },
          loop: '{{ files }}',
        },
        { 'ansible.builtin.systemd': { name: '{{ item }}' }, check_mode: true, loop: '{{ units }}' },
        { 'ansible.builtin.command': 'sysctl -n {{ item }}', changed_when: false, loop: '{{ sysctls }}' },
      ],
    },
  ];
  await Promise.all(hosts.map(({ name }) => bringPython(site, name)));
  writeFileSync(join(site.dir, 'hosts.yaml'), stringify(inventory));
  writeFileSync(join(site.dir, 'check.yaml'), stringify(plays));
  const options = site.lab.sshArgv('cp-1').slice(1, -1).join(' ');
  const env = {
    ...process.env,
    HOME: site.dir,
    ANSIBLE_PIPELINING: 'true',
    ANSIBLE_FORKS: String(hosts.length),
    ANSIBLE_SSH_ARGS: `-o ControlMaster=auto -o ControlPersist=60s ${options}`,
  };
  const run = async (): Promise<void> => {
    const argv = [program, '-u', 'root', '-i', join(site.dir, 'hosts.yaml'), join(site.dir, 'check.yaml')];
    const { exitCode, stdout, stderr } = await site.lab.exec(argv, { env, cwd: site.dir });
    if (exitCode !== 0) throw new Error(`ansible-playbook: ${stderr}${stdout.slice(-3000)}`);
  };
  await run();
  return run;
}

/** Puts this machine's Python, which modules of Ansible need, on a host of the same distribution. */
async function bringPython(site: ClusterSite, host: string): Promise<void> {
  const script = `p=$(readlink -f /usr/bin/python3)
libraries=$(ldd $p | grep -oE '/[^ ]+/lib(m|z|expat)[^ ]*' | xargs readlink -f)
sonames=$(ldd $p | grep -oE '/[^ ]+/lib(m|z|expat)[^ ]*')
tar -cf - /usr/bin/python3 $p /usr/lib/\${p##*/} $libraries $sonames 2>/dev/null | "$@" 'tar -C / -xf -'`;
  const { exitCode, stderr } = await site.lab.exec(['sh', '-c', script, 'sh', ...site.lab.sshArgv(host)]);
  if (exitCode !== 0) throw new Error(`Python for ${host}: ${stderr}`);
}
