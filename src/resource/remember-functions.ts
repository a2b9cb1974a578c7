/**
 * What stat says of a file whose digest is remembered: device, inode, size, and the times of its content and of its inode in
 * nanoseconds. Whoever changes the content may put the first time back; the second is the kernel's.
 */
export const digestStat = '%d:%i:%s:%.9Y:%.9Z';

/**
 * Shell: `$kb_former` becomes what the records of earlier releases have, `%i:%s:%Y:%Z`, from the digestStat in `$1`. Starts no
 * process.
 */
export const toFormerStat = `to_former_stat() {
  kb_former=\${1#*:}; kb_z=\${kb_former##*:}; kb_former=\${kb_former%:*}
  kb_former=\${kb_former%.*}:\${kb_z%.*}
}`;

/** Programs that kboot installs as they are: remembered wherever they are, whoever installed them. */
const programs = {
  runc: '/usr/local/sbin/runc',
  kubelet: '/usr/bin/kubelet',
  kubectl: '/usr/bin/kubectl',
} as const;

/**
 * Functions of the prelude that remember digests. A digest is only recorded for a file that was hashed between two calls of
 * stat with the same answer. Records are replaced by a rename: a crash leaves the former one.
 */
export const rememberFunctions = `
${toFormerStat}

# kb_large PATH: the digest of this file is remembered, if it is large, at the end of the session.
kb_large() {
  [ -n "$(find "$1" -maxdepth 0 -type f -size +1023k)" ] || return 0
  grep -qxF -e "$1" $KB/large 2>/dev/null || printf '%s\\n' "$1" >> $KB/large
}

# kb_remember: renews the records of digests, where files are not as they say, or the records are of an earlier release.
kb_remember() {
  umask 077
  # A change from now on gets another time than those before: the kernel's clock for files ticks every few milliseconds.
  sleep 0.05
  kb_remember_files
  for kb_p in $KB/archives/*; do
    [ ! -f "$kb_p" ] || kb_remember_archive "$kb_p"
  done
  rm -f $KB/tmp/before $KB/tmp/digests
}

kb_remember_files() {
  {
    printf '%s\\n' ${Object.values(programs).join(' ')}
    cat $KB/large
    sed -n 's/^|\\(.*\\)|[^|]*|[^|]*$/\\1/p' $KB/sums
  } 2>/dev/null | LC_ALL=C sort -u | while IFS= read -r kb_f; do
    [ -f "$kb_f" ] || continue
    kb_s=$(stat -L -c '${digestStat}' -- "$kb_f")
    grep -F -e "|$kb_f|$kb_s|" $KB/sums 2>/dev/null | grep -E '\\|[0-9a-f]{64}$' && continue
    kb_d=$(sha256sum < "$kb_f"); kb_d=\${kb_d%% *}
    [ "$(stat -L -c '${digestStat}' -- "$kb_f")" != "$kb_s" ] || printf '|%s|%s|%s\\n' "$kb_f" "$kb_s" "$kb_d"
  done > $KB/tmp/sums
  kb_replace $KB/tmp/sums $KB/sums
}

# kb_remember_archive STAMP: fills in the digests of files that are as they were when they were unpacked.
kb_remember_archive() {
  kb_stats() { sed -n 's/.*|//p' "$1" | xargs -r -d '\\n' stat -c '${digestStat}|%n' --; }
  kb_stats "$1" > $KB/tmp/before || return 0
  [ "$(sed -n 's/|[0-9a-f]\\{64\\}|/|/p' "$1")" != "$(cat $KB/tmp/before)" ] || return 0
  sed -n 's/.*|//p' "$1" | xargs -r -d '\\n' sha256sum -- > $KB/tmp/digests || return 0
  [ "$(kb_stats "$1")" = "$(cat $KB/tmp/before)" ] || return 0
  while IFS='|' read -r kb_s kb_d kb_f <&3; do
    if [ -z "$kb_d$kb_f" ]; then printf '%s\\n' "$kb_s"; continue; fi
    [ -n "$kb_f" ] || { kb_f=$kb_d; kb_d=; }
    IFS='|' read -r kb_now kb_n <&4
    read -r kb_sum kb_n <&5
    to_former_stat "$kb_now"
    if [ -z "$kb_d" ] && { [ "$kb_s" = "$kb_now" ] || [ "$kb_s" = "$kb_former" ]; }; then kb_d=$kb_sum; fi
    [ "$kb_d" != "$kb_sum" ] || kb_s=$kb_now
    printf '%s|%s\\n' "$kb_s" "\${kb_d:+$kb_d|}$kb_f"
  done 3< "$1" 4< $KB/tmp/before 5< $KB/tmp/digests > $KB/tmp/stamp
  kb_replace $KB/tmp/stamp "$1"
}

# kb_replace TEMPORARY PATH: moves a complete record into place, unless it is the same.
kb_replace() {
  if cmp -s -- "$1" "$2"; then rm -f -- "$1"; else chmod 600 -- "$1" && sync -- "$1" && mv -f -T -- "$1" "$2"; fi
}
`;
