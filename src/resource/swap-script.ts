import { hostFolder } from './prelude.ts';

/** Lines of fstab(5) of the type swap that are not commented out. */
export const fstabPattern =
  '^[[:space:]]*[^#[:space:]][^[:space:]]*[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)';

/**
 * Services that create and activate swap by themselves, at every boot: dphys-swapfile (Raspberry Pi OS), zramswap
 * (zram-tools of Debian and Ubuntu), zram-config (Ubuntu), zram-swap (Fedora and its relatives), zramen, systemd-swap,
 * swapspace.
 */
const services = 'dphys-swapfile zramswap zram-config zram-swap zramen systemd-swap swapspace';

/** Where the file of such a service, `$unit`, may be. */
const serviceFiles = ['/etc', '/run', '/usr/local/lib', '/usr/lib']
  .map((folder) => `${folder}/systemd/*/$unit.service`)
  .concat('/etc/init.d/$unit')
  .join(' ');

/**
 * Shell functions about units that activate swap. swap_some: whether there may be any, without a process.
 * swap_units: names of those that would, now or at the next boot: systemd's swap units except those generated from
 * fstab; those that zram-generator will generate from its configuration; services that are enabled or active. By pattern:
 * with --type=, systemd examines every unit file, for a quarter of a second; and not at all where no swap unit has a file and
 * no swap is in use.
 */
export const swapUnits = `swap_zram() {
  found=
  for folder in /etc/systemd /usr/local/lib/systemd /usr/lib/systemd; do
    if [ -x $folder/system-generators/zram-generator ]; then found=1; fi
  done
  [ -n "$found" ] || return 0
  for folder in /etc/systemd /run/systemd /usr/local/lib/systemd /usr/lib/systemd; do
    if [ "$found" = 1 ] && [ -e $folder/zram-generator.conf ]; then cat $folder/zram-generator.conf; found=2; fi
    cat $folder/zram-generator.conf.d/*.conf 2>/dev/null || true
  done | sed -n 's/^[[:space:]]*\\[\\(zram[0-9][0-9]*\\)\\].*/dev-\\1.swap/p'
}
swap_files() {
  if { read -r _ && read -r _; } < /proc/swaps; then return 0; fi
  for file in /etc/systemd/*/*.swap /run/systemd/*/*.swap /usr/local/lib/systemd/*/*.swap /usr/lib/systemd/*/*.swap /lib/systemd/*/*.swap; do
    if [ -e "$file" ] || [ -L "$file" ]; then return 0; fi
  done
  return 1
}
swap_some() {
  if swap_files; then return 0; fi
  for folder in /etc/systemd /usr/local/lib/systemd /usr/lib/systemd; do
    if [ -x $folder/system-generators/zram-generator ]; then return 0; fi
  done
  for unit in ${services}; do
    for file in ${serviceFiles}; do
      if [ -e "$file" ]; then return 0; fi
    done
  done
  return 1
}
swap_units() {
  {
    if swap_files; then
    systemctl list-unit-files '*.swap' --no-legend --plain 2>/dev/null | while read -r unit state _; do [ "$state" = masked ] || echo "$unit"; done
    systemctl list-units '*.swap' --no-legend --plain --all 2>/dev/null | while read -r unit state _; do [ "$state" = masked ] || [ "$state" = not-found ] || echo "$unit"; done
    fi
    swap_zram | while read -r unit; do [ "$(systemctl is-enabled -- "$unit" 2>/dev/null)" = masked ] || echo "$unit"; done
    for unit in ${services}; do
      known=
      for file in ${serviceFiles}; do
        [ ! -e "$file" ] || known=1
      done
      [ -n "$known" ] || continue
      case $(systemctl is-enabled $unit.service 2>/dev/null) in
        enabled | enabled-runtime | generated) echo $unit.service ;;
        masked | masked-runtime) ;;
        *) if systemctl is-active -q $unit.service 2>/dev/null; then echo $unit.service; fi ;;
      esac
    done
  } | sort -u | while read -r unit; do
    [ "$(systemctl show -p SourcePath --value -- "$unit" 2>/dev/null)" = /etc/fstab ] || echo "$unit"
  done
}`;

/**
 * Turns swap off, now and at every boot, after recording what a reset turns on again. A unit is masked; one
 * whose file is in /etc/systemd/system cannot be: its file and the links that enable it are backed up and removed.
 */
export const swapOff = `set -e
kb_note() { grep -qxF -e "$*" ${hostFolder}/swap 2>/dev/null || echo "$*" >> ${hostFolder}/swap; }
${swapUnits}
tail -n +2 /proc/swaps | while read -r d _; do kb_note active "$d"; done
for u in $(swap_units); do
  if systemctl is-active -q "$u"; then kb_note start "$u"; systemctl stop -- "$u"; fi
  f=/etc/systemd/system/$u
  if [ -e "$f" ] || [ -L "$f" ]; then
    for l in /etc/systemd/system/*/"$u"; do
      if [ -L "$l" ]; then kb_own "$l"; rm -f -- "$l"; fi
    done
    kb_note file "$u"
    kb_own "$f"
    rm -f -- "$f"
    systemctl daemon-reload
    [ -n "$(systemctl show -p FragmentPath --value -- "$u")" ] || continue
  fi
  kb_note unit "$u"
  systemctl mask -- "$u"
done
if grep -qE '${fstabPattern}' /etc/fstab 2>/dev/null; then
  kb_edit /etc/fstab -E 's@${fstabPattern}@#kboot# &@'
  systemctl daemon-reload
fi
[ "$(wc -l < /proc/swaps)" -le 1 ] || swapoff -a`;

/** Turns on again what swapOff turned off; the files of units are already back. */
export const swapOn = `if grep -q '^#kboot# ' /etc/fstab 2>/dev/null; then
  kb_edit /etc/fstab 's/^#kboot# //'
fi
while read -r word name; do
  [ "$word" != unit ] || systemctl unmask -- "$name"
done < ${hostFolder}/swap 2>/dev/null
systemctl daemon-reload
while read -r word name; do
  case $word in
    start) systemctl start -- "$name" || echo "$name did not start" ;;
    active) [ -e "$name" ] && ! grep -q "^$name " /proc/swaps && swapon -- "$name" ;;
  esac
done < ${hostFolder}/swap 2>/dev/null
true`;
