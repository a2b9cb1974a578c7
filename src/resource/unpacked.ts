import { readSums } from './digests.ts';
import { hostFolder } from './prelude.ts';
import { digestStat, toFormerStat } from './remember-functions.ts';
import { lines, quoteAll, setLineBreak } from '../model/shell.ts';
import type { Asking } from './types.ts';

/**
 * A stamp for each unpacked archive: its digest, then a line for each of its files, `digestStat|SHA256|PATH`. Until the digest of
 * a file is filled in (kb_remember), and in stamps of earlier releases, a line is `STAT|PATH`.
 */
export const archivesFolder = `${hostFolder}/archives`;

/** What is known of an archive that was unpacked. */
export interface Unpacked {
  /** SHA-256 of the archive. */
  readonly digest: string;
  /** Files from it that are missing or have changed. */
  readonly altered: readonly string[];
}

/**
 * Shell that prints `archive NAME DIGEST`, and `altered NAME PATH` or `compare NAME DIGEST PATH` for files of which stat no longer
 * says what it said, then lines of sha256sum for those to compare. `deep`: every file with a digest is compared. Where stat says
 * of all files what the stamps say, which is the rule, they are compared as a whole.
 */
export function queryUnpacked(names: readonly string[], { deep = false }: Asking = {}): string {
  const compare = `sed -n 's/.*|//p' "$@" | xargs -r -d '\\n' stat -c '${digestStat}|%n' -- | {
  exec 3<&0
  IFS='|' read -r now at <&3
  for p in "$@"; do
    shift
    n=\${p##*/}
    while IFS='|' read -r s d f; do
      [ -n "$d" ] || { echo "archive $n $s"; continue; }
      [ -n "$f" ] || { f=$d; d=; }
      if [ "$f" != "$at" ]; then echo "altered $n $f"; continue; fi
      to_former_stat "$now"
      if [ -n "$d" ] && { [ "$s" != "$now" ]${deep ? ' || :' : ''}; }; then echo "compare $n $d $f"; set -- "$@" "$f"
      elif [ "$s" != "$now" ] && [ "$s" != "$kb_former" ]; then echo "altered $n $f"; fi
      IFS='|' read -r now at <&3
    done < "$p"
  done
  [ $# = 0 ] || sha256sum -- "$@"
}`;
  return `${toFormerStat}
set --
for p in ${quoteAll(names.map((name) => `${archivesFolder}/${name}`))}; do
  if [ -f "$p" ] && [ ! -L "$p" ] && [ -O "$p" ]; then set -- "$@" "$p"; fi
done
${
  deep
    ? `[ $# = 0 ] || ${compare}`
    : `${asRecorded}
if [ $# = 0 ]; then :; elif as_recorded "$@"; then printf '%s' "$whole"; else ${compare}; fi`
}`;
}

/**
 * Shell function: whether stat says of every file of these stamps what they say; then `$whole` is a line `archive NAME DIGEST`
 * for each stamp. Two processes.
 */
const asRecorded = `as_recorded() {
  ${setLineBreak}; whole= said=
  recorded=$(cat -- "$@") || return 1
  stamps="$*" left=$#
  set --
  set -f; IFS=$n
  for l in $recorded; do
    case $l in
      *'|'*) said=$said\${l%%|*}'|'\${l##*|}$n; set -- "$@" "\${l##*|}" ;;
      *) p=\${stamps%% *}; stamps=\${stamps#* }; left=$((left - 1)); whole="\${whole}archive \${p##*/} $l$n" ;;
    esac
  done
  unset IFS; set +f
  [ $left = 0 ] || return 1
  [ $# = 0 ] || [ "$(stat -c '${digestStat}|%n' -- "$@" 2>/dev/null)$n" = "$said" ]
}`;

/** Parses the output of queryUnpacked, by name. */
export function readUnpacked(output: string): Map<string, Unpacked> {
  const sums = readSums(output);
  const seen = new Map<string, Unpacked & { readonly altered: string[] }>();
  for (const line of lines(output)) {
    const [, archive, digest = ''] = /^archive (\S+) (.*)$/.exec(line) ?? [];
    if (archive !== undefined) seen.set(archive, { digest, altered: [] });
    const [, name = '', expected, path = ''] =
      /^(?:altered|compare) (\S+)(?: ([0-9a-f]{64}))? (\/.*)$/.exec(line) ?? [];
    if (path !== '' && (expected === undefined || sums.get(path) !== expected))
      seen.get(name)?.altered.push(path);
  }
  return seen;
}
