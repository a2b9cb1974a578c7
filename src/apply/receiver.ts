import { prelude } from '../resource/prelude.ts';

/**
 * The far end of a session: one shell on the host that takes steps over its stdin and answers on its stdout.
 *
 * Operator to host, per step:   `step ID SCRIPTBYTES PAYLOADBYTES TIMEOUT PAYLOADPATH\n` SCRIPT PAYLOAD
 * Host to operator:             `@NONCE ready`, `@NONCE busy …`, `@NONCE start ID`,
 *                               `@NONCE done ID STATUS OUTPUTBYTES\n` OUTPUT `\n`, `@NONCE skip ID`
 * After a step that failed, the rest is read and skipped. The end of stdin ends the shell.
 */

/** The only text that shows in the host's process list. */
export const receiverCommand = `read -r n && s=$(head -c "$n") && eval "$s"`;

/** Where the output of the running step goes: a tmpfs, readable by root only. */
const outputFile = '/run/kboot.out';

/** The program of the far end, sent as its first message. A second session on the host waits up to 60 s for the first. */
export function receiverProgram(nonce: string): string {
  return `export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022
exec 9>/run/kboot.lock
flock -w 60 9 || { echo "@${nonce} busy $(cat /run/kboot.pid 2>/dev/null)"; exit 0; }
echo $$ > /run/kboot.pid
${prelude}
rm -rf $KB/tmp; mkdir -m 700 $KB/tmp
failed=
echo "@${nonce} ready"
while IFS=' ' read -r verb id scriptBytes payloadBytes limit payloadPath; do
  [ "$verb" = step ] || exit 0
  script=$(head -c "$scriptBytes")
  if [ -n "$failed" ]; then
    [ "$payloadBytes" = 0 ] || head -c "$payloadBytes" > /dev/null
    echo "@${nonce} skip $id"
    continue
  fi
  echo "@${nonce} start $id"
  status=0
  (umask 077; : > ${outputFile})
  if [ "$payloadBytes" != 0 ]; then
    mkdir -p "$(dirname "$payloadPath")"
    (umask 077; rm -f -- "$payloadPath"; head -c "$payloadBytes" > "$payloadPath") 2> ${outputFile} || status=74
    [ $status != 0 ] || [ "$(stat -c %s -- "$payloadPath")" = "$payloadBytes" ] || status=74
  fi
  if [ $status = 0 ]; then
    ( eval "$script" ) < /dev/null > ${outputFile} 2>&1 9>&- & child=$!
    ( trap 'kill $! 2>/dev/null; exit' TERM; sleep "$limit" & wait $! && kill $child ) > /dev/null 2>&1 < /dev/null 9>&- & watch=$!
    wait $child; status=$?
    kill $watch 2>/dev/null; wait $watch 2>/dev/null
    [ $status -le 128 ] || echo "did not end within $limit s" >> ${outputFile}
  fi
  output=$(tail -c 4000 ${outputFile})
  printf '@%s done %s %s %s\\n%s\\n' ${nonce} "$id" "$status" "\${#output}" "$output"
  if [ $status = 74 ]; then exit 0; fi
  if [ $status != 0 ]; then failed=1; fi
done
rm -f ${outputFile} /run/kboot.pid
`;
}
