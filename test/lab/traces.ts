import type { Lab } from './lab.ts';

/** Output of a root shell on a host; throws if it fails. */
export async function output(lab: Lab, host: string, command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await lab.ssh(host, command);
  if (exitCode !== 0) throw new Error(`${host}: ${command}\nstatus ${exitCode}\n${stderr}${stdout}`);
  return stdout.trimEnd();
}

/**
 * Everything on a host's disks: names, types, modes, owners, sizes, mtimes, ctimes, link targets; contents of
 * /etc, /usr/local, /opt and /var/lib. Without files that logins and logging write.
 */
export function fingerprint(lab: Lab, host: string): Promise<string> {
  return output(
    lab,
    host,
    `{ find / /var -xdev \\( -path /var/log -o -path /var/lib/systemd/timers -o -path /proc -o -path /sys -o -path /dev -o -path /run \\) -prune \\
        -o -printf '%p|%y|%m|%U:%G|%s|%T@|%C@|%l\\n' | LC_ALL=C sort -u
      find /etc /usr/local /opt /var/lib -xdev -path /var/lib/systemd -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
      find /tmp /run/kboot* -printf '%p %T@\\n' 2>/dev/null
      ${unitStates}; }`,
  );
}

/**
 * Processes with their ids and start times, without those of the observer, of transient services, and of udevd, whose workers
 * come and go with the devices of the whole machine.
 */
export function processes(lab: Lab, host: string): Promise<string> {
  return output(
    lab,
    host,
    `udevd=$(systemctl show -p MainPID --value systemd-udevd)
    ps -e -o ppid=,pid=,lstart=,args= | awk -v udevd="$udevd" '$1 != udevd { $1 = ""; print }' | grep -vE '(sshd|\\(sd-pam\\)|systemd --user|systemd-hostnamed|systemd-timedated|ps -e|awk|grep -vE|sort|sh -c|bash)' | LC_ALL=C sort`,
  );
}

/** Loaded units and unit files with their states; without sessions of the observer. */
const unitStates = `systemctl list-units --all --plain --no-legend --no-pager | grep -vE '^(session-|run-credentials-|user@|user-|run-user|systemd-tmpfiles-clean|run-docker|proc-sys-fs-binfmt)' | tr -s ' ' | cut -d' ' -f1-4
systemctl list-unit-files --no-legend --no-pager | tr -s ' '`;

/** Possible leftovers of an installation, by topic: compared before the first \`up\` and after \`reset\`. */
const topics = {
  rules:
    'nft list ruleset; iptables-save 2>/dev/null | grep -v "^#"; ip6tables-save 2>/dev/null | grep -v "^#"',
  links:
    "ip -o link | sed -E 's/^[0-9]+: //; s/@if[0-9]+//; s/ link-netnsid [0-9]+//'; ip route; ip -6 route; ip rule; ls /run/netns /etc/netns 2>/dev/null",
  // systemd mounts binfmt_misc on access, which these commands cause, and credentials at some boots.
  mounts: "cut -d' ' -f2,3 /proc/self/mounts | grep -vE '^/(proc/sys/fs/binfmt_misc|run/credentials/)'",
  etc: `cd /etc && find . \\( -name '*.cache' -o -name .pwd.lock \\) -prune -o -printf '%p|%y|%m|%U:%G|%l\\n' | LC_ALL=C sort; find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum`,
  folders: `find /usr /opt /root /home /srv /mnt -printf '%p|%y|%m\\n' | LC_ALL=C sort; find /var -path /var/log/journal -prune -o -path /var/lib/systemd -prune -o -path /var/cache -prune -o -path '/var/tmp/systemd-private*' -prune -o -printf '%p|%y|%m\\n' | LC_ALL=C sort; find /run -maxdepth 1 ! -name 'motd*' -printf '%p|%y\\n' | LC_ALL=C sort`,
  units: unitStates,
  sysctls:
    "sysctl -a 2>/dev/null | grep -E '^(net.ipv4.(ip_forward|conf.(all|default|lo|eth0))|net.ipv6.conf.(all|default|lo|eth0)|net.bridge|net.netfilter|vm.overcommit|kernel.panic|vm.panic)' | grep -vE 'nf_conntrack_(count|buckets|max)|stable_secret'",
  swap: 'cat /proc/swaps /etc/fstab',
  processes: 'ps -e -o comm= | grep -vE "^(sshd|sh|bash|ps|sort|grep|kworker.*|[(].*)$" | LC_ALL=C sort -u',
} as const;

type Topic = keyof typeof topics;
export type Traces = Readonly<Record<Topic, readonly string[]>>;

/** Reads all topics of a host, one after another: otherwise they would see each other's processes. */
export async function traces(lab: Lab, host: string): Promise<Traces> {
  const script = Object.values(topics).map((command) => `{ ${command}; }\necho ${separator}`);
  const parts = (await output(lab, host, script.join('\n'))).split(separator);
  const entries = Object.keys(topics).map(
    (topic, index) => [topic, (parts[index] ?? '').trim().split('\n')] as const,
  );
  return Object.fromEntries(entries) as unknown as Traces;
}

const separator = '===== next topic';

/** The differences, `TOPIC - LINE` for removed and `TOPIC + LINE` for new. */
export function traceDifferences(before: Traces, after: Traces): readonly string[] {
  return (Object.keys(topics) as Topic[]).flatMap((topic) => {
    const [old, now] = [new Set(before[topic]), new Set(after[topic])];
    return [
      ...before[topic].filter((line) => !now.has(line)).map((line) => `${topic} - ${line}`),
      ...after[topic].filter((line) => !old.has(line)).map((line) => `${topic} + ${line}`),
    ];
  });
}

/** When units were last started, by unit: changes at every restart. */
export async function startTimes(lab: Lab, host: string, units: readonly string[]): Promise<string> {
  return output(
    lab,
    host,
    `for u in ${units.join(' ')}; do echo "$u $(systemctl show -p ActiveEnterTimestampMonotonic,MainPID,NRestarts $u | tr '\\n' ' ')"; done`,
  );
}
