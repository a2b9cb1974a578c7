import {
  fencedStatus,
  hostFolder,
  makeHostFolder,
  makeRunFolder,
  prelude,
  runFolder,
} from '../resource/prelude.ts';

/**
 * The remote end of a session: one shell on the host that reads steps from its stdin and writes results to its stdout.
 *
 * Operator to host, per step:   `step ID SCRIPTBYTES PAYLOADBYTES TIMEOUT PAYLOADPATH\n` SCRIPT PAYLOAD
 * Host to operator:             `@NONCE ready`, `@NONCE busy …`, `@NONCE unsafe`, `@NONCE start ID`,
 *                               `@NONCE done ID STATUS OUTPUTBYTES\n` OUTPUT `\n`, `@NONCE skip ID`, at the end
 *                               `@NONCE times` and the four times that the shell's `times` prints
 * A step without a payload has the path `-`; one whose payload is a file on the host has `=FILE` for PAYLOADBYTES.
 * After a failed step, the rest is read and skipped. The shell exits at the
 * end of stdin, once it has remembered digests, and after a payload that could not be received completely.
 */

/** The only text that is visible in the host's process list. */
export const receiverCommand = `read -r n && s=$(head -c "$n") && eval "$s"`;

/** The output of the running step, its script, and the functions it calls. */
const outputFile = `${runFolder}/out`;
const scriptFile = `${runFolder}/step`;
const functionsFile = `${runFolder}/functions`;
const pidFile = `${runFolder}/pid`;
/** Held by the session of this host. */
export const sessionLock = `${runFolder}/session.lock`;
/** On control planes, the holder of the cluster's lock (lock/program.ts); its first word is the token. */
export const holderFile = `${runFolder}/holder`;

/** Number of bytes from the end of a step's output that are sent back, without trailing newlines. */
export const keptOutput = 4000;

/**
 * The program of the remote end, sent as its first message. A second session on the host waits up to 60 s for the first.
 * `token`: that of the cluster's lock; no step starts here while another run holds it.
 */
export function receiverProgram(nonce: string, token = ''): string {
  return `export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022
${makeRunFolder} || { echo "@${nonce} unsafe"; exit 0; }
exec 9>${sessionLock}
flock -w 60 9 || { echo "@${nonce} busy $(cat ${pidFile} 2>/dev/null)"; exit 0; }
echo $$ > ${pidFile}
trap 'rm -f ${outputFile} ${scriptFile} ${functionsFile} ${pidFile}' EXIT
${makeHostFolder}
(umask 077; : > ${outputFile}; : > ${scriptFile}; cat > ${functionsFile} << 'END_OF_FUNCTIONS'
${prelude}
END_OF_FUNCTIONS
)
failed=
# fenced: whether another run holds the lock of the cluster here.
fenced() {
  [ -n "${token}" ] && [ -f ${holderFile} ] || return 1
  read -r held _ < ${holderFile} && [ "$held" != "${token}" ]
}
# kb_copy FROM TO: a file of the spread; one that is only read and then removed is a second name of it.
kb_copy() { case $2 in ${hostFolder}/tmp/*) ln -- "$1" "$2" 2> /dev/null || cp -- "$1" "$2" ;; *) cp --reflink=auto -- "$1" "$2" ;; esac; }
# make_room: removes what is at the payload's path.
make_room() { [ ! -e "$payloadPath" ] && [ ! -L "$payloadPath" ] || rm -f -- "$payloadPath"; }
echo "@${nonce} ready"
while IFS=' ' read -r verb id scriptBytes payloadBytes limit payloadPath; do
  [ "$verb" = step ] || exit 0
  script=$(head -c "$scriptBytes")
  if [ -n "$failed" ]; then
    case $payloadBytes in 0 | =*) ;; *) head -c "$payloadBytes" > /dev/null ;; esac
    echo "@${nonce} skip $id"
    continue
  fi
  echo "@${nonce} start $id"
  status=0
  broken=
  : > ${outputFile}
  if [ "$payloadPath" != - ]; then
    folder=\${payloadPath%/*}
    [ -d "$folder" ] || mkdir -p "$folder" 2> ${outputFile}
    case $payloadBytes in
      =*) (umask 077; make_room; kb_copy "\${payloadBytes#=}" "$payloadPath") 2>> ${outputFile} || { status=74; rm -f -- "$payloadPath"; } ;;
      *)
        (umask 077; make_room; head -c "$payloadBytes" > "$payloadPath") 2>> ${outputFile} || broken=1
        [ -n "$broken" ] || [ "$(stat -c %s -- "$payloadPath")" = "$payloadBytes" ] || broken=1
        [ -z "$broken" ] || { status=74; rm -f -- "$payloadPath"; }
        ;;
    esac
  fi
  if [ $status = 0 ] && fenced; then
    status=${fencedStatus}
  elif [ $status = 0 ]; then
    printf '%s\\n' "$script" > ${scriptFile}
    timeout -k 10 "$limit" sh -c '. ${functionsFile}; . ${scriptFile}' < /dev/null > ${outputFile} 2>&1 9>&-
    status=$?
    [ $status != 124 ] || echo "did not end within $limit s" >> ${outputFile}
    [ $status != 137 ] || echo "was killed: for lack of memory, or since it did not end within $limit s" >> ${outputFile}
  fi
  output=
  [ ! -s ${outputFile} ] || output=$(tail -c ${keptOutput} ${outputFile})
  printf '@%s done %s %s %s\\n%s\\n' ${nonce} "$id" "$status" "\${#output}" "$output"
  [ -z "$broken" ] || exit 0
  if [ $status != 0 ]; then failed=1; fi
done
(. ${functionsFile}; kb_remember) < /dev/null > /dev/null 2>&1
times > ${outputFile}
echo "@${nonce} times" $(cat ${outputFile})
`;
}
