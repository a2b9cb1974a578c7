import type { KernelFeature } from '../model/kernel-feature.ts';
import { kernelFeatures } from '../model/kernel-feature.ts';

const options = Object.entries(kernelFeatures);

/**
 * Prints what this kernel has of what Pod networks need: `kernel=yes nft_queue` if it is built in, loaded, or a module that can
 * be loaded; `no`, or `unknown` if neither the kernel's configuration nor its modules can be read. Loads none.
 */
export const kernelProbe = `
r=$(uname -r)
c=$({ zcat /proc/config.gz || cat "/boot/config-$r" || cat "/lib/modules/$r/config"; } 2>/dev/null | grep -E '(${options.map(([, option]) => option).join('|')})[= ]')
for m in ${options.map(([module, option]) => `${module}=${option}`).join(' ')}; do
  n=\${m%%=*}; o=\${m#*=}; q=unknown
  if grep -q "^$n " /proc/modules 2>/dev/null || modprobe -n -q "$n" 2>/dev/null; then q=yes
  else case $(echo "$c" | grep -E "$o[= ]") in
    *=y*) q=yes ;;
    *=m*) q=no ;;
    *'is not set'*) q=no ;;
    *) [ ! -e "/lib/modules/$r/modules.dep" ] || q=no ;;
  esac; fi
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
