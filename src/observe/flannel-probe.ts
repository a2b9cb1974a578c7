import { setLineBreak } from '../model/shell.ts';
import type { Inspection } from '../model/inspection.ts';
import type { FoundLine, Search } from './search.ts';

/** As long as flannel may take from its start to its file, in seconds. */
const startSeconds = 30;
const file = '/run/flannel/subnet.env';

/** The subnets in flannel's file, and its process. `root`: where /proc and /run are. */
export const flannelLines = (root = ''): Search => ({
  files: [`${root}${file}`, `${root}/proc/[0-9]*/comm`],
  patterns: ['^FLANNEL_(IPV6_)?SUBNET=', '^flanneld$'],
});

/**
 * Shell, after searchLines, that prints whether flannel runs. One without a file that has only just started is about to write
 * it, and does not count yet: its start time in ticks (proc_pid_stat(5)) against the uptime.
 */
export const flannelProbe = (root = ''): string => `${setLineBreak}
case "$lines$n" in *"/comm:1:flanneld$n"*)
  p=\${lines%%"/comm:1:flanneld"*}; p=\${p##*"$n"}
  [ -e ${root}${file} ] || {
    read -r u _ < ${root}/proc/uptime; s=; read -r s < "$p/stat"; set -- \${s##*) }
    [ $((\${u%.*} - \${20:-0} / $(getconf CLK_TCK))) -ge ${startSeconds} ] || p=
  }
  [ -z "$p" ] || echo flannelRuns=1 ;;
esac`;

/** Reads what flannelLines found, and the output of flannelProbe; `all` returns every value of a key. */
export function readFlannel(
  lines: readonly FoundLine[],
  all: (key: string) => readonly string[],
): Pick<Inspection, 'flannelSubnets' | 'flannelRuns'> {
  return {
    flannelSubnets: lines.flatMap(({ file: path, text }) =>
      path.endsWith(file) ? (/^FLANNEL_(?:IPV6_)?SUBNET=(.*)/.exec(text)?.[1] ?? []) : [],
    ),
    flannelRuns: all('flannelRuns').length > 0,
  };
}
