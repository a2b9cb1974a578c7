import type { Inspection } from '../model/inspection.ts';

/**
 * Prints whether nftables of this kernel has the expression `queue` (CONFIG_NFT_QUEUE): built in, loaded, or as a module that
 * can be loaded. Loads none. A kernel whose configuration and modules cannot be read tells nothing.
 */
export const queueProbe = `
r=$(uname -r); q=unknown
c=$({ zcat /proc/config.gz || cat "/boot/config-$r" || cat "/lib/modules/$r/config"; } 2>/dev/null | grep -E 'CONFIG_NFT_QUEUE[= ]')
if grep -q '^nft_queue ' /proc/modules 2>/dev/null || modprobe -n -q nft_queue 2>/dev/null; then q=yes
else case $c in
  *=y*) q=yes ;;
  *=m*) q=no ;;
  *'is not set'*) q=no ;;
  *) [ ! -e "/lib/modules/$r/modules.dep" ] || q=no ;;
esac; fi
echo "queues=$q"`;

/** Parses what queueProbe prints. */
export function readQueues(value: string): NonNullable<Inspection['queuesPackets']> {
  return value === 'yes' || value === 'no' ? value : 'unknown';
}
