import { hostFolder } from './prelude.ts';
import { digestStat } from './remember-functions.ts';
import { lines, quoteAll, setLineBreak } from '../model/shell.ts';
import type { Asking } from './types.ts';

/** A file with the SHA-256 of its content. */
export interface FileFound {
  readonly mode: string;
  /** Absent: root. */
  readonly owner?: string;
  readonly digest: string;
}

/** Digests of large files with what stat said of them then: lines `|PATH|digestStat|SHA256`. */
const sumsFile = `${hostFolder}/sums`;

/** No file of which kb_large records the digest has a size of so few digits. */
const digitsOfSmall = 6;

/** Nobody but its owner may write: `600:root`, not `620:root`. */
const closed = (then: string): string => `case $a in *[2367]?:* | *[2367]:*) ;; *) ${then} ;; esac`;

/**
 * Shell that prints a line for each file, `MODE:OWNER DIGEST PATH`, and for each digest `-` in them one of sha256sum. The digest of
 * a large file (kb_large) is taken from the record as long as stat says the same of the file as then. The record counts if it is
 * root's, and nobody else may write it. Two processes for any number of files, and one more to read the record.
 */
export function queryFiles(paths: readonly string[], { deep = false }: Asking = {}): string {
  const record = deep ? '' : `${hostFolder} ${sumsFile} `;
  return `${setLineBreak}; t= m=
set --; set -f; IFS=$n
for l in $(stat -L -c '${digestStat} %a:%U %n|' -- ${record}${quoteAll(paths)}); do
  s=\${l%% *} f=\${l#* }; a=\${f%% *} f=\${f#* }; f=\${f%|}
  case $f in
    ${hostFolder}) [ -O ${hostFolder} ] && ${closed('t=1')}; continue ;;
    ${sumsFile}) [ "$t" = 1 ] && [ -f ${sumsFile} ] && [ ! -L ${sumsFile} ] && [ -O ${sumsFile} ] && ${closed('t=2')}; continue ;;
  esac
  [ -f "$f" ] || { printf 'odd - %s\\n' "$f"; continue; }
  d= z=\${s#*:*:}; z=\${z%%:*}
  if [ \${#z} -gt ${digitsOfSmall} ]; then
    [ "$t" != 2 ] || { t=3; m=$n$(cat ${sumsFile})$n; }
    case $s in *.?????????:*.?????????) case $m in *"$n|$f|$s|"*) d=\${m#*"$n|$f|$s|"}; d=\${d%%"$n"*} ;; esac ;; esac
  fi
  case $d in *[!0-9a-f]*) d= ;; esac
  [ \${#d} = 64 ] || { d=-; set -- "$@" "$f"; }
  printf '%s %s %s\\n' "$a" "$d" "$f"
done
set +f; unset IFS
[ $# = 0 ] || sha256sum -- "$@"`;
}

/** Parses the output of queryFiles. An entry without a digest is not a regular file or not readable; its mode is `odd`. */
export function readFiles(output: string): Map<string, FileFound> {
  const sums = readSums(output);
  const seen = new Map<string, FileFound>();
  for (const match of output.matchAll(/^(\d*|odd)(?::(\S+))? ([0-9a-f]*|-) (.*)$/gm)) {
    const [, mode = '', owner = 'root', remembered = '', path = ''] = match;
    const digest = remembered === '-' ? (sums.get(path) ?? '') : remembered;
    const isOdd = digest.length !== 64 || mode === '';
    seen.set(path, { mode: isOdd ? 'odd' : mode, ...(owner !== 'root' && { owner }), digest });
  }
  return seen;
}

/** The lines of sha256sum in an output: digests by path. It escapes a path with a backslash, and marks such a line with one. */
export function readSums(output: string): Map<string, string> {
  return new Map(
    lines(output).flatMap((line) => {
      const [, mark = '', digest = '', path = ''] = /^(\\?)([0-9a-f]{64}) [ *](.*)$/.exec(line) ?? [];
      return digest === '' ? [] : [[mark === '' ? path : path.replaceAll('\\\\', '\\'), digest] as const];
    }),
  );
}

/** Why a file with the mode `odd` is unknown. */
export function oddFile(path: string): string {
  return `${path} is not a regular file, or cannot be read`;
}
