import type { KernelFeature } from '../model/kernel-feature.ts';
import { kernelFeatures } from '../model/kernel-feature.ts';

const options = Object.entries(kernelFeatures);

/**
 * Prints what this kernel has of what Pod networks need: `kernel=yes nft_queue` if it is built in, loaded, or a module that can
 * be loaded; `no`, or `unknown` if neither the kernel's configuration nor its modules can be read. Loads none, and runs few
 * processes: modprobe would be one for each.
 */
export const kernelProbe = `
r=$(uname -r); d=/lib/modules/$r; h=
while read -r n _; do h="$h/$n.ko "; done 2>/dev/null < /proc/modules
h="$h$(grep -shoE '/(${options.map(([module]) => module).join('|')})\\.ko' $d/modules.dep $d/modules.builtin)"
c=$({ gzip -dc /proc/config.gz || cat "/boot/config-$r" || cat "$d/config"; } 2>/dev/null | grep -E '(${options.map(([, option]) => option).join('|')})[= ]')
for m in ${options.map(([module, option]) => `${module}=${option}`).join(' ')}; do
  n=\${m%%=*}; o=\${m#*=}; q=unknown
  case $h in
    *"/$n.ko"*) q=yes ;;
    *) case $c in
      *"$o=y"*) q=yes ;;
      *"$o=m"* | *"$o is not set"*) q=no ;;
      *) [ ! -e "$d/modules.dep" ] || q=no ;;
    esac ;;
  esac
  echo "kernel=$q $n"
done`;

/** Parses the lines of kernelProbe: what the kernel has (true) and lacks (false); what is not known is not in it. */
export function readKernel(lines: readonly string[]): Readonly<Partial<Record<KernelFeature, boolean>>> {
  return Object.fromEntries(
    options.flatMap(([name]) =>
      lines.flatMap((line) =>
        line === `yes ${name}` || line === `no ${name}` ? [[name, line.startsWith('yes')] as const] : [],
      ),
    ),
  );
}
