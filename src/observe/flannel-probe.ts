import type { Inspection } from '../model/inspection.ts';

/** As long as flannel may take from its start to its file, in seconds. */
const startSeconds = 30;

/**
 * Shell that prints the subnets in flannel's file, and whether flannel runs. One without a file that has only just started is
 * about to write it, and does not count yet: its start time in ticks (proc_pid_stat(5)) against the uptime. `root`: where /proc
 * and /run are.
 */
export const flannelProbe = (root = ''): string => `
sed -n 's/^FLANNEL_\\(IPV6_\\)\\{0,1\\}SUBNET=/flannelSubnet=/p' ${root}/run/flannel/subnet.env 2>/dev/null
p=$(grep -slx flanneld ${root}/proc/[0-9]*/comm | head -n 1)
[ -z "$p" ] || [ -e ${root}/run/flannel/subnet.env ] || {
  read -r u _ < ${root}/proc/uptime; s=; read -r s < "\${p%comm}stat"; set -- \${s##*) }
  [ $((\${u%.*} - \${20:-0} / $(getconf CLK_TCK))) -ge ${startSeconds} ] || p=
}
[ -z "$p" ] || echo flannelRuns=1`;

/** Parses the output of flannelProbe; `all` returns every value of a key. */
export function readFlannel(
  all: (key: string) => readonly string[],
): Pick<Inspection, 'flannelSubnets' | 'flannelRuns'> {
  return { flannelSubnets: all('flannelSubnet'), flannelRuns: all('flannelRuns').length > 0 };
}
