import { KbootError } from '../model/error.ts';
import { remedies } from './remedies.ts';
import { sentences, type Text } from '../model/language/text.ts';

/** Whether sudo -n failed because it needs a password. */
export function wantsPassword(stderr: string): boolean {
  return /a (terminal|password) is required|no tty present|no password was provided|authentication is required/i.test(
    stderr,
  );
}

/** E-SUDO for sudo's error output (sudo 1.8 and later, sudo-rs; LC_ALL=C). */
export function sudoError(host: string, user: string, exitCode: number | null, stderr: string): KbootError {
  // sudoers(5): a backslash escapes, and a file whose name contains a dot is not read.
  const name = user.replaceAll('\\', '\\\\');
  const file = `/etc/sudoers.d/${user.replaceAll(/[^\w-]/g, '-')}`;
  const login = /^[\w.@+-]+$/.test(user)
    ? `${user}@${host}`
    : `'${user.replaceAll("'", String.raw`'\''`)}'@${host}`;
  const rule = `${name} ALL=(ALL) NOPASSWD: ALL`;
  const addRule = remedies.addSudoRule({ rule, file });
  const failed = (message: string, remedy: Text): KbootError =>
    new KbootError('E-SUDO', message, { host, detail: stderr.trim(), remedy });

  if (/must have a tty/i.test(stderr)) {
    return failed('sudo requires a terminal (requiretty)', remedies.noRequiretty({ user: name, file }));
  }
  if (/not in the sudoers file|may not run sudo|is not allowed to|I'm sorry/i.test(stderr)) {
    return failed(`user ${user} may not use sudo`, addRule);
  }
  if (/sorry, try again|incorrect password|incorrect authentication/i.test(stderr)) {
    return wrongPassword(host, user);
  }
  if (wantsPassword(stderr)) {
    return failed(
      `sudo requires the password of user ${user}, and none was given`,
      sentences(remedies.giveSudoPassword, addRule),
    );
  }
  if (exitCode === 127 || /sudo.*(not found|no such file)/i.test(stderr)) {
    return failed(`user ${user} is not root, and sudo is not installed on the host`, remedies.installSudo);
  }
  return failed(
    `user ${user} cannot become root with sudo (exit status ${exitCode ?? 'unknown'})`,
    sentences(remedies.trySudo({ login }), addRule),
  );
}

/** The password that was typed is not offered here, since another host refused it. */
export function notOffered(host: string, user: string, refusedBy: string, isTyped: boolean): KbootError {
  return new KbootError('E-SUDO', `sudo requires the password of user ${user}`, {
    host,
    detail: `${refusedBy} refused the one ${isTyped ? 'that was typed' : 'in KBOOT_SUDO_PASSWORD'}, so it was not offered here`,
    remedy: remedies.correctSudoPassword,
  });
}

/** sudo refused the password. */
export function wrongPassword(host: string, user: string): KbootError {
  return new KbootError('E-SUDO', `the sudo password of user ${user} is wrong`, {
    host,
    remedy: remedies.correctSudoPassword,
  });
}
