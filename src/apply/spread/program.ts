import { makeRunFolder, runFolder, spreadFolder } from '../../resource/prelude.ts';

/**
 * The remote end of a host that takes part in a spread: one shell that receives files from this machine and from other
 * hosts, and has a second sshd serve those that it has checked.
 *
 * Operator to host, a line each:
 *   `put SHA256 OFFSET BYTES raw|gzip\n` BYTES   appends to a partial file, which must be that long
 *   `seal SHA256`                                checks a partial file, and keeps it as a whole one
 *   `serve PORT ADDRESS`                         starts the sshd
 *   `admit TYPE KEY`                             another host may take files
 *   `get SHA256 SIZE raw|gzip PORT ADDRESS TYPE KEY`   takes a file from another host, in the background
 *   `download SHA256 URLBYTES\n` URL             downloads a file, in the background
 *   `quiet`                                      stops serving; `forget`: removes all files; `alive`: nothing
 * Host to operator: `@NONCE WORD …`.
 *
 * Keys are made on their host, for this run; only public ones leave it. Nothing outlives the shell by more than some
 * seconds: neither if this machine is lost (a line must arrive every `silence` seconds), nor if the shell is killed.
 */

/** Keys, and the configuration of the sshd; only while a run lasts. */
const folder = `${runFolder}/spread`;
const lock = `${runFolder}/spread.lock`;

/** Seconds without a line from the operator after which a host ends by itself. */
export const silence = 180;

/** Executable by itself: sshd runs it for whatever a client asks. */
const serveScript = `#!/bin/sh
set -f
set -- $SSH_ORIGINAL_COMMAND
case $1 in '' | *[!0-9a-f]*) exit 64 ;; esac
case $2 in '' | *[!0-9]*) exit 64 ;; esac
[ \${#1} = 64 ] && [ -f ${spreadFolder}/$1 ] || exit 65
case $3 in
  gzip) tail -c +$(($2 + 1)) -- ${spreadFolder}/$1 | gzip -1c ;;
  *) exec tail -c +$(($2 + 1)) -- ${spreadFolder}/$1 ;;
esac
`;

/** Called as `sh get NONCE SHA256 SIZE raw|gzip PORT ADDRESS TYPE KEY`. */
const getScript = `. ${folder}/functions
n=$1 sha=$2 size=$3 mode=$4 port=$5 address=$6
part=${spreadFolder}/$sha.part
[ -f $part ] || : > $part
at=$(stat -c %s $part)
[ "$at" -le "$size" ] || { : > $part; at=0; }
echo "kboot-spread $7 $8" > ${folder}/known
fetch() {
  ssh -F /dev/null -T -n -l root -p "$port" -i ${folder}/client -o IdentitiesOnly=yes -o BatchMode=yes \\
    -o ConnectTimeout=5 -o ServerAliveInterval=10 -o ServerAliveCountMax=3 -o ControlPath=none \\
    -o HostKeyAlias=kboot-spread -o UserKnownHostsFile=${folder}/known -o GlobalKnownHostsFile=/dev/null \\
    -o StrictHostKeyChecking=yes -o CheckHostIP=no -o UpdateHostKeys=no -o ProxyCommand=none -o ClearAllForwardings=yes \\
    -o PreferredAuthentications=publickey -- "$address" "$sha $at $mode" 2> ${folder}/error
  echo $? > ${folder}/status
}
: > ${folder}/status
if [ "$mode" = gzip ]; then fetch | gzip -dc 2> /dev/null; else fetch; fi | head -c $((size - at)) >> $part
now=$(stat -c %s $part)
if [ "$now" -ge "$size" ]; then keep $sha
else say lost $sha $at "$now" "$(cat ${folder}/status)" "$(tail -n 1 ${folder}/error | cut -c 1-200 | tr -cd ' -~')"; fi
`;

/** Called as `sh download NONCE SHA256`; the URL is in a file. */
const downloadScript = `. ${folder}/functions
. ${folder}/prelude
n=$1 sha=$2
if kb_fetch "$(cat ${folder}/url)" ${spreadFolder}/$sha.part > ${folder}/error 2>&1; then keep $sha
else say lost $sha 0 0 1 "$(tail -n 1 ${folder}/error | cut -c 1-200 | tr -cd ' -~')"; fi
`;

const functions = `say() { printf '@%s %s\\n' "$n" "$*"; }
# keep SHA256: checks a partial file; it is whole if that is its digest.
keep() {
  d=$(sha256sum < ${spreadFolder}/$1.part); d=\${d%% *}
  if [ "$d" = "$1" ] && sync -- ${spreadFolder}/$1.part && mv -f ${spreadFolder}/$1.part ${spreadFolder}/$1; then say have $1 "$(stat -c %s ${spreadFolder}/$1)"
  else rm -f ${spreadFolder}/$1.part; say wrong $1; fi
}
# children PID: its child processes.
children() {
  for f in /proc/[0-9]*/stat; do
    { read -r l < $f; } 2>/dev/null || continue
    p=\${l%% *}; l=\${l##*) }; l=\${l#* }
    [ "\${l%% *}" != "$1" ] || echo $p
  done
}
# end_server, end_getter: with all their processes.
end_server() {
  s=$(cat ${folder}/sshd.pid 2>/dev/null) && [ -n "$s" ] || return 0
  c=$(children $s); g=$(for p in $c; do children $p; done)
  kill $s $c $g 2>/dev/null; rm -f ${folder}/sshd.pid
}
end_getter() {
  g=$(cat ${folder}/getter.pid 2>/dev/null) && [ -n "$g" ] || return 0
  kill -- -$g 2>/dev/null; rm -f ${folder}/getter.pid
}
`;

/** Ends everything if the shell has ended without doing so, or if no line has arrived for long. */
const watchScript = `. ${folder}/functions
shell=$1
while sleep 3; do
  if flock -n ${lock} true; then end_server; end_getter; rm -rf ${folder}; exit; fi
  [ -f ${folder}/alive ] || exit
  [ $(($(date +%s) - $(stat -c %Y ${folder}/alive))) -lt ${silence} ] || { end_server; end_getter; kill -9 $shell; }
done
`;

const sshdConfig = `HostKey ${folder}/host
PidFile none
AuthorizedKeysFile ${folder}/clients
AllowUsers root
PermitRootLogin forced-commands-only
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
DisableForwarding yes
PermitTTY no
PermitUserEnvironment no
PermitUserRC no
ForceCommand ${folder}/serve
PrintMotd no
UseDNS no
MaxAuthTries 2
MaxSessions 2
MaxStartups 20
LoginGraceTime 20
ClientAliveInterval 15
ClientAliveCountMax 4
Compression no
LogLevel ERROR
`;

function file(path: string, text: string): string {
  return `cat > ${path} << 'END_OF_FILE'\n${text}END_OF_FILE\n`;
}

/** The program; `prelude`: resource/prelude.ts, for downloads. */
export function spreadProgram(nonce: string, prelude: string): string {
  return `export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 077
n=${nonce}
${makeRunFolder} && mkdir -p -m 700 $(dirname ${spreadFolder}) ${spreadFolder} || { echo "@$n absent folder"; exit 0; }
exec 8>${lock}
flock -w 5 8 || { echo "@$n absent busy"; exit 0; }
rm -rf ${folder}; mkdir -m 700 ${folder} || { echo "@$n absent folder"; exit 0; }
: > ${folder}/alive
${file(`${folder}/functions`, functions)}${file(`${folder}/prelude`, prelude)}${file(`${folder}/get`, getScript)}${file(`${folder}/download`, downloadScript)}${file(`${folder}/watch`, watchScript)}${file(`${folder}/serve`, serveScript)}${file(`${folder}/config`, sshdConfig)}chmod 700 ${folder}/serve
. ${folder}/functions
finish() { trap - EXIT; end_server; end_getter; rm -rf ${folder}; exit 0; }
trap finish EXIT HUP INT TERM
setsid sh ${folder}/watch $$ < /dev/null > /dev/null 2>&1 8>&- &
for f in ${spreadFolder}/*; do
  [ -f "$f" ] || continue
  b=\${f##*/}
  case $b in
    *.part) say part "\${b%.part}" "$(stat -c %s "$f")" ;;
    *) d=$(sha256sum < "$f"); if [ "\${d%% *}" = "$b" ]; then say held $b; else rm -f "$f"; fi ;;
  esac
done
if command -v ssh > /dev/null && ssh-keygen -q -t ecdsa -b 256 -N '' -C kboot -f ${folder}/client > /dev/null 2>&1 < /dev/null 8>&-
then say client $(cut -d' ' -f1,2 ${folder}/client.pub); fi
say ready
while IFS=' ' read -r verb a b c d e f g; do
  : > ${folder}/alive
  case $verb in
    put)
      part=${spreadFolder}/$a.part
      [ -f $part ] || : > $part
      if [ "$(stat -c %s $part)" != "$b" ]; then head -c "$c" > /dev/null; say lost $a 0 0 1 'the partial file has changed'
      elif if [ "$d" = gzip ]; then head -c "$c" | gzip -dc; else head -c "$c"; fi >> $part 2> ${folder}/error; then say took $a "$(stat -c %s $part)"
      else say lost $a 0 0 1 "$(tail -n 1 ${folder}/error | cut -c 1-200 | tr -cd ' -~')"; fi
      ;;
    seal) keep $a ;;
    serve)
      [ -d /run/sshd ] || mkdir -m 755 /run/sshd 2> /dev/null
      : > ${folder}/clients
      # An account without a password is locked for an sshd without PAM.
      pam=no; case $(getent shadow root | cut -d: -f2) in '!'*) pam=yes ;; esac
      case $b in *:*) b="[$b]" ;; esac
      printf 'ListenAddress %s:%s\\nUsePAM %s\\n' "$b" "$a" $pam >> ${folder}/config
      server=$(command -v sshd)
      if [ -n "$server" ] && ssh-keygen -q -t ecdsa -b 256 -N '' -C kboot -f ${folder}/host > ${folder}/error 2>&1 < /dev/null 8>&- &&
        $server -t -f ${folder}/config > ${folder}/error 2>&1 8>&-
      then
        setsid $server -D -e -f ${folder}/config < /dev/null > ${folder}/error 2>&1 8>&- &
        echo $! > ${folder}/sshd.pid
        i=0
        while [ $i -lt 20 ] && kill -0 $! 2> /dev/null && ! ss -Hltn 2> /dev/null | grep -q ":$a "; do sleep 0.1; i=$((i + 1)); done
        sleep 0.1
        if kill -0 $! 2> /dev/null; then say serving $(cut -d' ' -f1,2 ${folder}/host.pub)
        else rm -f ${folder}/sshd.pid; say mute "$(tail -n 1 ${folder}/error | cut -c 1-200 | tr -cd ' -~')"; fi
      else say mute "$(tail -n 1 ${folder}/error 2> /dev/null | cut -c 1-200 | tr -cd ' -~')"; fi
      ;;
    admit) printf 'restrict,command="%s" %s %s\\n' ${folder}/serve "$a" "$b" >> ${folder}/clients; say admitted "$b" ;;
    get)
      setsid sh ${folder}/get $n "$a" "$b" "$c" "$d" "$e" "$f" "$g" < /dev/null 8>&- &
      echo $! > ${folder}/getter.pid
      ;;
    download)
      head -c "$b" > ${folder}/url
      setsid sh ${folder}/download $n "$a" < /dev/null 8>&- &
      echo $! > ${folder}/getter.pid
      ;;
    quiet) end_server; say quiet ;;
    forget) end_server; rm -rf ${spreadFolder}; say forgotten ;;
  esac
done
`;
}
