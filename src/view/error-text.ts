import pc from 'picocolors';
import type { KbootError } from '../model/error.ts';

/** An error as the reader needs it: which host, which step, what was said, what to do. */
export function errorText(error: KbootError): string {
  const { host, step, detail, remedy } = error.context;
  if (error.code === 'E-INVENTORY')
    return [error.message, ...(remedy === undefined ? [] : [remedy])].join('\n');
  const where = [host, step].filter((part) => part !== undefined).join(' · ');
  const head = where === '' ? error.message : `${where}\n  ${error.message}`;
  return [
    `${pc.red('✗')} ${head}`,
    ...(detail === undefined || detail.trim() === ''
      ? []
      : detail
          .trimEnd()
          .split('\n')
          .slice(-20)
          .map((line) => pc.dim(`    ${line}`))),
    ...(remedy === undefined || remedy === '' ? [] : remedy.split('\n').map((line) => `  ${line}`)),
    pc.dim(`  (${error.code}, \`kboot explain ${error.code}\`)`),
  ].join('\n');
}
