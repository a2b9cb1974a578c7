import { backupRecord, backupUnit, type BackupSeen } from '../model/backup.ts';

const timerFile = `/etc/systemd/system/${backupUnit}.timer`;
/** Also in scripts that only have the host. */
export const backupProgram = `/usr/local/sbin/${backupUnit}`;

/** Shell that prints what a host with the timer knows of its backups. Part of the probe. */
export const backupQuestion = `if [ -f ${timerFile} ]; then
  echo "backup-waits=$(systemctl is-enabled ${backupUnit}.timer 2>/dev/null) $(systemctl is-active ${backupUnit}.timer)"
  echo "backup-unit=$(systemctl is-active ${backupUnit}.service)"
  sed -n 's/^[a-z]*=/backup-&/p' ${backupRecord} 2>/dev/null
  b=$(sed -n 's/^good=//p' ${backupRecord} 2>/dev/null)
  d=$(systemd-analyze calendar --base-time="@\${b:-$(stat -c %Y ${timerFile})}" "$(sed -n 's/^OnCalendar=//p' ${timerFile})" 2>/dev/null | sed -n 's/^ *(in UTC): //p;s/^ *Next elapse: //p' | tail -n 1)
  [ -z "$d" ] || [ "$d" = never ] || echo "backup-due=$(date -d "$d" +%s 2>/dev/null)"
  echo "backup-now=$(date +%s)"
fi`;

/** Reads the answer to backupQuestion; undefined: no timer is there. */
export function readBackup(one: (key: string) => string): BackupSeen | undefined {
  const text = (key: string): string => one(`backup-${key}`);
  const number = (key: string): number => Number(text(key)) || 0;
  if (text('now') === '') return undefined;
  const said = text('result');
  const result = said === 'good' || said === 'failed' || said === 'left' ? said : '';
  return {
    waits: text('waits') === 'enabled active',
    // The unit fails too where the result cannot be written.
    result: text('unit') === 'failed' && result !== 'failed' ? 'cut' : result,
    at: number('at'),
    why: text('why'),
    good: number('good'),
    file: text('file'),
    size: number('size'),
    stored: text('stored'),
    due: number('due'),
    running: text('unit') === 'activating',
    now: number('now'),
  };
}
