import { spawnSync } from 'node:child_process';

/** Whether `program` runs here. If no test may be skipped, its absence is an error. */
export function has(program: string): boolean {
  if (spawnSync(program, ['--version']).status === 0) return true;
  const required = ['CI', 'KBOOT_REQUIRE_LAB'].some((name) => (process.env[name] ?? '') !== '');
  if (required) throw new Error(`no ${program}: apt-get install ${program}`);
  return false;
}

/** A title that states clearly if its tests are skipped. */
export function needing(program: string, title: string): string {
  return has(program) ? title : `${title} [SKIPPED: no ${program}: apt-get install ${program}]`;
}
