import { plural } from '../model/plural.ts';
import { lines } from '../model/shell.ts';
import { fstabPattern, swapOff, swapUnits } from './swap-script.ts';
import type { Kind, SwapResource } from './types.ts';

interface Found {
  /** Active swap areas. */
  readonly active: readonly string[];
  /** Lines of /etc/fstab that would re-enable swap at boot. */
  readonly fstab: readonly string[];
  /** Units that activate swap, now or at the next boot, except those generated from fstab. */
  readonly units: readonly string[];
}

/**
 * Swap, off now and after every boot: active areas, fstab, systemd's swap units (including GPT areas and zram devices
 * of generators) and services that make swap. Always present as a resource; the finding lists what would re-enable it.
 */
export const swap: Kind<SwapResource, Found> = {
  name: () => 'swap',
  query: () => `{ read -r _; while read -r d _; do echo "active $d"; done; } < /proc/swaps
grep -sHE '${fstabPattern}' /etc/fstab
${swapUnits}
if swap_some; then swap_units | sed 's/^/unit /'; fi
echo read`,
  read(wants, output) {
    const all = lines(output);
    if (all.at(-1) !== 'read')
      return wants.map(() => ({ state: 'unknown', reason: 'swap could not be read' }));
    const of = (word: string): string[] =>
      all.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
    // `/etc/fstab:LINE`
    const fstab = all.flatMap((line) => /^\/[^: ]*\/fstab:(.*)$/.exec(line)?.[1] ?? []);
    const found = { active: of('active'), fstab, units: of('unit') };
    return wants.map(() => ({ state: 'present', found }));
  },
  action(_want, observation) {
    if (observation.state === 'absent') return undefined;
    const { active, fstab, units } = observation.found;
    if (active.length + fstab.length + units.length === 0) return undefined;
    const off = [
      ...(active.length > 0 ? [`off now: ${active.join(', ')}`] : []),
      ...(fstab.length > 0 ? [`comments out ${plural(fstab.length, 'line')} of /etc/fstab`] : []),
      ...(units.length > 0 ? [`turns off ${units.join(', ')}`] : []),
    ];
    return {
      verb: 'update',
      reason: off.join('; '),
      script: swapOff,
      ...(fstab.length > 0 && {
        diff: [
          '--- /etc/fstab',
          '+++ /etc/fstab',
          ...fstab.flatMap((line) => [`-${line}`, `+#kboot# ${line}`]),
        ].join('\n'),
      }),
      effects: [],
      timeoutSeconds: 300,
    };
  },
};
