import { plural } from '../model/plural.ts';
import { hostFolder } from './prelude.ts';
import { lines } from './shell.ts';
import type { Kind, SwapResource } from './types.ts';

interface Found {
  /** Active swap areas. */
  readonly active: readonly string[];
  /** Lines of /etc/fstab that would re-enable swap at boot. */
  readonly fstab: readonly string[];
  /** systemd swap units that are neither masked nor generated from fstab. */
  readonly units: readonly string[];
  readonly zram: boolean;
}

const fstabPattern =
  '^[[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)';

/**
 * Swap, off now and after every boot: active areas, fstab, systemd's swap units (including GPT areas found by the
 * generator) and zram-generator. Always present as a resource; the finding lists what would re-enable it.
 */
export const swap: Kind<SwapResource, Found> = {
  name: () => 'swap',
  query: () => `tail -n +2 /proc/swaps | while read -r d _; do echo "active $d"; done
grep -E '${fstabPattern}' /etc/fstab 2>/dev/null | sed 's/^/fstab /'
for u in $(systemctl list-unit-files --type=swap --no-legend --plain 2>/dev/null | while read -r u s _; do [ "$s" = masked ] || echo "$u"; done) \\
  $(systemctl list-units --type=swap --no-legend --plain --all 2>/dev/null | while read -r u l _; do [ "$l" = masked ] || [ "$l" = not-found ] || echo "$u"; done); do
  [ "$(systemctl show -p SourcePath --value -- "$u" 2>/dev/null)" = /etc/fstab ] || echo "unit $u"
done | sort -u
if [ -e /usr/lib/systemd/system-generators/zram-generator ] && [ ! -e /etc/systemd/zram-generator.conf ] && ls /usr/lib/systemd/zram-generator.conf /usr/lib/systemd/zram-generator.conf.d/*.conf >/dev/null 2>&1; then echo zram; fi
echo read`,
  read(wants, output) {
    const all = lines(output);
    if (all.at(-1) !== 'read')
      return wants.map(() => ({ state: 'unknown', reason: 'swap could not be read' }));
    const of = (word: string): string[] =>
      all.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
    const found = { active: of('active'), fstab: of('fstab'), units: of('unit'), zram: all.includes('zram') };
    return wants.map(() => ({ state: 'present', found }));
  },
  action(_want, observation) {
    if (observation.state === 'absent') return undefined;
    const { active, fstab, units, zram } = observation.found;
    if (active.length + fstab.length + units.length === 0 && !zram) return undefined;
    const off = [
      ...(active.length > 0 ? [`off now: ${active.join(', ')}`] : []),
      ...(fstab.length > 0 ? [`comments out ${plural(fstab.length, 'line')} of /etc/fstab`] : []),
      ...(units.length > 0 ? [`masks ${units.join(', ')}`] : []),
      ...(zram ? ['disables the zram generator'] : []),
    ];
    return {
      verb: 'update',
      reason: off.join('; '),
      script,
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

/** Records in `swap` what to re-enable at reset, then turns it off. */
const script = `set -e
tail -n +2 /proc/swaps | while read -r d _; do
  grep -qxF -e "active $d" ${hostFolder}/swap 2>/dev/null || echo "active $d" >> ${hostFolder}/swap
done
if grep -qE '${fstabPattern}' /etc/fstab 2>/dev/null; then
  kb_edit /etc/fstab -E 's@${fstabPattern}@#kboot# &@'
  systemctl daemon-reload
fi
if [ -e /usr/lib/systemd/system-generators/zram-generator ] && [ ! -e /etc/systemd/zram-generator.conf ]; then
  kb_own /etc/systemd/zram-generator.conf; : > /etc/systemd/zram-generator.conf; systemctl daemon-reload
fi
for u in $(systemctl list-unit-files --type=swap --no-legend --plain | while read -r u s _; do [ "$s" = masked ] || echo "$u"; done) \\
  $(systemctl list-units --type=swap --no-legend --plain --all | while read -r u l _; do [ "$l" = masked ] || [ "$l" = not-found ] || echo "$u"; done); do
  [ "$(systemctl show -p SourcePath --value -- "$u")" = /etc/fstab ] && continue
  grep -qxF -e "unit $u" ${hostFolder}/swap 2>/dev/null || echo "unit $u" >> ${hostFolder}/swap
  systemctl mask --now -- "$u"
done
[ "$(wc -l < /proc/swaps)" -le 1 ] || swapoff -a`;
