import { randomBytes } from 'node:crypto';
import type { RunningConfig } from '../desire/adopt/types.ts';
import { paths } from '../desire/text/paths.ts';
import { lines } from '../model/shell.ts';
import type { Reader } from '../transport/types.ts';
import { readSections } from './probe.ts';

/** `printed NAME COMMAND`: a section of `readSections`, from the first column. */
const script = (nonce: string): string => `export LC_ALL=C
printed() { echo "@${nonce} begin $1"; shift; "$@" 2>/dev/null </dev/null; s=$?; echo; echo "@${nonce} end $n $s"; }
words() { tr '\\0' '\\n' < "/proc/$1/cmdline"; }
c=$(systemctl show -p MainPID --value containerd.service 2>/dev/null)
k=$(systemctl show -p MainPID --value kubelet.service 2>/dev/null)
f=$(words "$c" 2>/dev/null | sed -n -e '/^-\\{1,2\\}c\\(onfig\\)\\{0,1\\}$/{n;p;}' -e 's/^-\\{1,2\\}c\\(onfig\\)\\{0,1\\}=//p' | head -n 1)
f=\${f:-${paths.containerdConfig}}
n=path; printed path echo "$f"
n=config; printed config cat -- "$f"
n=defaults; printed defaults "/proc/$c/exe" config default
n=kubelet; printed kubelet words "$k"
n=unit; printed unit systemctl cat containerd.service`;

/** What containerd and the kubelet of a host run with. One exec. */
export async function readRunningConfig(reader: Reader): Promise<RunningConfig> {
  const nonce = randomBytes(12).toString('hex');
  const { stdout } = await reader.read(script(nonce), { timeoutMs: 60_000 });
  const sections = readSections(stdout, nonce);
  const text = (name: string): string => sections.get(name) ?? '';
  return {
    containerdPath: lines(text('path'))[0] ?? paths.containerdConfig,
    containerd: text('config'),
    containerdDefaults: text('defaults'),
    kubeletFlags: lines(text('kubelet')).slice(1),
    containerdUnit: text('unit'),
  };
}
