import { makeRunFolder, runFolder } from '../../resource/prelude.ts';
import { holderFile } from '../receiver.ts';

/**
 * The lock of a cluster on one of its hosts. Ages are measured with the host's own clock since boot, in hundredths of a
 * second; runFolder is empty after a boot.
 *
 *   holder   `TOKEN HEARTBEAT RUN`, and a line with the holder (holder.ts)
 *   last     `TIME RUN`: when a run that changed the cluster gave up the lock, or sent its last heartbeat
 *
 * Operator to host              Host to operator
 *   take TOKEN RUN STALE DEAD WHO   `taken CHANGED RUN TOKEN WHO`: age of the last change and its run, and who was robbed;
 *                                   `held AGE TOKEN WHO`: another run, whose last heartbeat is not STALE and whose token not DEAD
 *   beat TOKEN                      `beat`, or `lost`
 *   drop TOKEN CHANGED              `dropped`; CHANGED is 1 if the run may have changed something
 * Every answer begins with `@NONCE`; `failed WHY` answers anything. The shell exits at the end of stdin, and leaves the lock.
 */
export function lockProgram(nonce: string): string {
  return `export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 077
say() { echo "@${nonce} $*"; }
${makeRunFolder} || { say failed ${runFolder} is not a folder of root; exit 0; }
{ exec 8>${runFolder}/guard; } 2>/dev/null || { say failed ${runFolder}/guard cannot be written; exit 0; }
${lookFunction}
write() { printf '%s %s %s\\n%s\\n' "$1" "$now" "$2" "$3" > ${holderFile}.new && mv -f ${holderFile}.new ${holderFile}; }
last() { printf '%s %s\\n' "$1" "$2" > ${runFolder}/last; }
take() {
  if [ -n "$token" ] && [ "$token" != "$1" ]; then
    if [ "$token" != "$4" ] && [ $age -ge 0 ] && [ $age -lt "$3" ]; then say held $age $token $who; return; fi
    last "$beat" "$run" || { say failed ${runFolder} cannot be written; return; }
    changed=$age lastRun=$run
  else token=- who=-
  fi
  if write "$1" "$2" "$5"; then say taken $changed $lastRun $token $who; else say failed ${runFolder} cannot be written; fi
}
while IFS=' ' read -r verb a b c d e; do
  flock -w 10 8 || { say failed ${runFolder}/guard is busy; continue; }
  look
  case $verb in
    take) take "$a" "$b" "$c" "$d" "$e" ;;
    beat)
      if [ "$token" != "$a" ]; then say lost
      elif write "$a" "$run" "$who"; then say beat
      else say failed ${runFolder} cannot be written
      fi ;;
    drop)
      if [ "$token" = "$a" ]; then
        if [ "$b" = 1 ]; then last $now "$run"; fi
        rm -f ${holderFile}
      fi
      say dropped ;;
    *) say failed unknown verb ;;
  esac
  flock -u 8
done
`;
}

/** Sets token, beat, run, who, age of the heartbeat, and changed, lastRun: age and run of the last change. */
const lookFunction = `look() {
  read -r up _ < /proc/uptime
  now=$((\${up%.*} * 100 + 1\${up#*.} - 100))
  token='' beat=0 run=- who=- last=0 lastRun=-
  [ ! -f ${holderFile} ] || { read -r token beat run; read -r who; } < ${holderFile}
  [ ! -f ${runFolder}/last ] || read -r last lastRun < ${runFolder}/last
  age=$((now - beat)) changed=$((now - last))
}`;

/** Prints \`AGE TOKEN WHO\` of the holder, or nothing. Reads only. */
export const lookScript = `export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
${lookFunction}
look
[ -z "$token" ] || echo "$age $token $who"`;
